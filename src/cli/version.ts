import { readFileSync } from 'node:fs';

/** The version in this package's package.json, which lies as far above src/cli as above dist/bin. */
export const packageVersion = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }
).version;
