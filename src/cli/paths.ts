import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';

/**
 * Parses a path. An empty one would be the current folder, but comes from a variable that is not set.
 */
export function givenPath(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('A path is expected.');
}

/** Parses the next one of several paths. */
export function givenPaths(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, givenPath(text)];
}

/** A backbone's folder as a path that finds it again from wherever the run is used; a name as it is. */
export async function absoluteFolder(backbone: string): Promise<string> {
  return (await isFolder(backbone)) ? resolve(backbone) : backbone;
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
