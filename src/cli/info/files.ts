import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../format.js';

export interface FileInfo {
  readonly name: string;
  readonly bytes: number;
}

/** The files directly in `folder` by name; none where it is not there. */
export async function filesIn(folder: string): Promise<FileInfo[]> {
  const names = await readdir(folder).catch(() => []);
  const files: FileInfo[] = [];
  for (const name of names.sort()) {
    // Links count as the files that they lead to, as download caches have them.
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) files.push({ name, bytes: found.size });
  }
  return files;
}

/** Rows for `formatRows`, the heading at the first. */
export function fileRows(files: readonly FileInfo[]): [string, string][] {
  return files.map(({ name, bytes }, index) => [
    index === 0 ? 'files' : '',
    `${name} (${formatBytes(bytes)})`,
  ]);
}
