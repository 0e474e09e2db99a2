import type { Element } from 'dicom-parser';
import { IqeError } from '../../base/errors.js';
import { directorySopClass, readDicomFile } from './dicomFile.js';

/**
 * The image files that a DICOMDIR references (PS3.3 annex F), in its order: paths relative to its
 * folder with `/` between their parts. Records that are not in use or not of images are left out.
 *
 * @throws {IqeError} `unreadable`: not a DICOMDIR, damaged, or with a path that leaves its folder.
 */
export function readDicomDirectory(bytes: Uint8Array): string[] {
  const { dataSet, sopClass } = readDicomFile(bytes);
  const records = dataSet.elements.x00041220?.items;
  if (sopClass !== directorySopClass || records === undefined) {
    throw new IqeError('unreadable', 'This DICOM file is not a DICOMDIR: it lists no files.');
  }
  try {
    return imagePaths(records);
  } catch (error) {
    if (error instanceof IqeError) throw error;
    throw new IqeError('unreadable', 'This DICOMDIR is damaged.');
  }
}

function imagePaths(records: readonly Element[]): string[] {
  const paths: string[] = [];
  for (const { dataSet: record } of records) {
    if (record?.string('x00041430') !== 'IMAGE' || record.uint16('x00041410') === 0) continue;
    const path = record.string('x00041500');
    if (path === undefined) continue;
    const parts = Array.from({ length: record.numStringValues('x00041500') ?? 0 }, (_, index) =>
      (record.string('x00041500', index) ?? '').trim(),
    );
    if (parts.some((part) => !/^[^/\\:\0]+$/.test(part) || part === '..' || part === '.')) {
      throw new IqeError('unreadable', 'This DICOMDIR references a file outside its folder.');
    }
    paths.push(parts.join('/'));
  }
  return paths;
}
