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
