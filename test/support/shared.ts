import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of reference material beside the project; tests that need it skip where it is absent. */
export const sharedFolder = fileURLToPath(new URL('../../../shared/', import.meta.url));

/** The folder of recorded values: `$IQE_GOLDEN`, else the one beside the project. */
export const goldenFolder = process.env.IQE_GOLDEN ?? `${sharedFolder}golden`;

/** Real images in the benchmark's layout. */
export const realDataFolder = `${sharedFolder}data`;

/** Says, once per test file, why its tests skip where `path` is absent. */
export function has(path: string): boolean {
  if (existsSync(path)) return true;
  console.warn(`skipped: ${path} is not here`);
  return false;
}

/** A JSON file of recorded values. */
export function goldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(`${goldenFolder}/${name}`, 'utf8')) as T;
}
