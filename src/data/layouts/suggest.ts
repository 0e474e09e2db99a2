import { readFolderNames } from './folders.js';

/** How images say what they are, in one sentence of advice. */
export const LABELLED_LAYOUTS =
  'Put the images into normal/ and abnormal/ or into {train,valid,test}/{good,Ungood}/img, or list ' +
  'them in a manifest.csv with the columns path and label.';

/** What is in the way of reading a folder as a data set, and what to do. */
export interface Suggestion {
  readonly why: string;
  readonly suggestion: string;
}

/**
 * Why a folder cannot be read as one data set, and the nearest that can.
 *
 * @param files Paths relative to the folder with `/`.
 * @param images Those of them that may be images.
 * @returns Null where it can be read, if only as images without labels.
 */
export function suggestLayout(
  files: readonly string[],
  images: readonly string[],
): Suggestion | null {
  if (images.length === 0) return withoutImages(files);
  if (readFolderNames(images) !== null) return null;
  const nested = foldersOf(images).filter((folder) => {
    const within = images.filter((file) => file.startsWith(`${folder}/`));
    return readFolderNames(within.map((file) => file.slice(folder.length + 1))) !== null;
  });
  if (nested.length === 0) return null;
  return {
    why: 'It is no data set itself but holds some',
    suggestion: `Give one of its folders: ${nested.join(', ')}.`,
  };
}

function foldersOf(files: readonly string[]): string[] {
  const nested = files.filter((file) => file.includes('/'));
  return [...new Set(nested.map((file) => file.slice(0, file.indexOf('/'))))];
}

function withoutImages(files: readonly string[]): Suggestion {
  const endings = files.map((file) => /\.[^./]+$/.exec(file)?.[0] ?? 'no extension');
  const kinds = [...new Set(endings)].slice(0, 5).join(', ');
  return {
    why: files.length === 0 ? 'It is empty' : `No image is among its files (${kinds})`,
    suggestion: LABELLED_LAYOUTS,
  };
}
