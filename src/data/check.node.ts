import { basename, resolve } from 'node:path';
import { IqeError } from '../base/errors.js';
import type { DataCheck, Finding } from './check.js';
import { type CheckOptions, checkImages, checkMasks, findDuplicates } from './checkFiles.node.js';
import {
  checkPatients,
  countSplits,
  duplicateFindings,
  labelFindings,
  patientFindings,
  usesOf,
} from './checkSamples.js';
import type { DataProblem, DataSet } from './layout.js';
import { readDataSet } from './layouts/read.node.js';
import { LABELLED_LAYOUTS } from './layouts/suggest.js';
import { inPixels, type PixelSize } from './mask.js';

export type { CheckOptions } from './checkFiles.node.js';

/**
 * What a folder is read as and what is wrong with it. Opens the header of every image, decodes every
 * mask and compares the bytes of files of equal size; changes nothing.
 *
 * @throws {IqeError} `unreadable` where the folder is not there or cannot be listed; `interrupted`.
 */
export async function checkDataSet(path: string, options: CheckOptions = {}): Promise<DataCheck> {
  let dataSet: DataSet;
  try {
    dataSet = await readDataSet(path, options);
  } catch (error) {
    if (error instanceof IqeError && error.code === 'data') return notReadAs(path, error);
    throw error;
  }
  const images = await checkImages(dataSet, options);
  const masks = await checkMasks(dataSet, images.headers, options);
  const duplicates = await findDuplicates(dataSet, options);
  const counts = countSplits(dataSet);
  const patients = checkPatients(dataSet);
  const usable = images.unreadable < dataSet.samples.length;
  return {
    path,
    name: dataSet.name,
    usable,
    layout: dataSet.layout,
    reason: usable ? null : 'None of its images can be read.',
    suggestion: dataSet.samples.every(({ label }) => label === null) ? LABELLED_LAYOUTS : null,
    counts,
    uses: usesOf(counts),
    patients,
    duplicates: duplicates.map((group) => group.map(({ id }) => id)),
    sizes: sizesOf([...images.headers.values()]),
    findings: [
      ...labelFindings(counts),
      ...images.findings,
      ...dataSet.problems.map(toFinding),
      ...masks,
      ...duplicateFindings(duplicates),
      ...patientFindings(patients),
    ],
  };
}

function toFinding({ kind, message, paths }: DataProblem): Finding {
  return { kind, severity: kind === 'ignored-file' ? 'note' : 'warning', message, items: paths };
}

function notReadAs(path: string, error: IqeError): DataCheck {
  return {
    path,
    name: basename(resolve(path)),
    usable: false,
    layout: null,
    reason: error.message,
    suggestion: error.hint ?? null,
    counts: [],
    uses: usesOf([]),
    patients: { source: 'none', count: 0, inSeveralSplits: [] },
    duplicates: [],
    sizes: null,
    findings: [],
  };
}

function sizesOf(images: readonly PixelSize[]): DataCheck['sizes'] {
  const byArea = images
    .map(({ width, height }) => ({ width, height }))
    .sort((a, b) => a.width * a.height - b.width * b.height || a.width - b.width);
  const [smallest, largest] = [byArea[0], byArea.at(-1)];
  if (smallest === undefined || largest === undefined) return null;
  const distinct = new Set(byArea.map(inPixels)).size;
  return { distinct, smallest, largest };
}
