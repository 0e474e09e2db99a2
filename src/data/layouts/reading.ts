import {
  compareCodePoints,
  type DataProblem,
  type DataSet,
  type LayoutName,
  type ProblemKind,
  type Split,
} from '../layout.js';
import { derivePatients } from '../layoutPatients.js';

/** A sample as a layout's reader finds it, with paths as they stand there (relative to the root). */
export interface FoundSample {
  readonly image: string;
  readonly label: 0 | 1 | null;
  readonly mask: string | null;
  readonly split: Split | null;
  readonly patient: string | null;
  readonly className: string | null;
}

/** What a layout's reader found. */
export interface Reading {
  readonly layout: LayoutName;
  readonly samples: readonly FoundSample[];
  readonly problems: readonly DataProblem[];
}

/** A problem of some files, or none where there are none. */
export function problem(
  kind: ProblemKind,
  message: string,
  paths: readonly string[],
): DataProblem[] {
  return paths.length === 0 ? [] : [{ kind, message, paths: paths.toSorted(compareCodePoints) }];
}

/**
 * The data set of a reading: in order, with patients from the file names where none are given, and
 * with word on abnormal images that have no mask where others have.
 *
 * @param absolute Turns a path of the reading into one for the file system.
 */
export function toDataSet(
  reading: Reading,
  root: { readonly name: string; readonly path: string },
  absolute: (path: string) => string,
): DataSet {
  const found = reading.samples.toSorted((a, b) => compareCodePoints(a.image, b.image));
  const given = found.some(({ patient }) => patient !== null);
  const patients = given
    ? found.map(({ patient }) => patient)
    : derivePatients(found.map(({ image }) => image));
  const hasMasks = found.some(({ mask }) => mask !== null);
  const samples = found.map((sample, index) => ({
    id: sample.image,
    imagePath: absolute(sample.image),
    label: sample.label,
    maskPath: sample.mask === null ? null : absolute(sample.mask),
    split: sample.split,
    patient: patients[index] ?? null,
    className: sample.className,
  }));
  const maskless = samples.filter(({ label, maskPath }) => label === 1 && maskPath === null);
  return {
    name: root.name,
    root: root.path,
    layout: reading.layout,
    samples,
    hasMasks,
    patients: given ? 'given' : patients.some((patient) => patient !== null) ? 'derived' : 'none',
    problems: [
      ...reading.problems,
      ...problem(
        'abnormal-without-mask',
        'Abnormal images without a mask: they do not count for pixel metrics.',
        hasMasks ? maskless.map(({ id }) => id) : [],
      ),
    ],
  };
}
