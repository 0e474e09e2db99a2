import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

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

/**
 * Tests that need files or folders. Where one is absent, `body`, which may read them at once, is not
 * run, and one skipped test says what is missing.
 */
export function describeWith(
  paths: string | readonly string[],
  name: string,
  body: () => void,
): void {
  const missing = [paths].flat().filter((path) => !existsSync(path));
  if (missing.length === 0) describe(name, body);
  else describe(name, () => void it.skip(`needs ${missing.join(' and ')}`));
}
