import type { DataCheck, Finding, FindingKind, SplitCounts } from './check.js';
import type { DataSet, Sample, Split } from './layout.js';

/** In the order in which they are used; null is no split. */
const SPLITS: readonly (Split | null)[] = ['train', 'valid', 'test', null];

/** How many images there are in each split that has any. */
export function countSplits({ samples }: DataSet): SplitCounts[] {
  return SPLITS.map((split) => {
    const own = samples.filter((sample) => sample.split === split);
    return {
      split,
      normal: own.filter(({ label }) => label === 0).length,
      abnormal: own.filter(({ label }) => label === 1).length,
      unlabelled: own.filter(({ label }) => label === null).length,
      masks: own.filter(({ maskPath }) => maskPath !== null).length,
    };
  }).filter(({ normal, abnormal, unlabelled }) => normal + abnormal + unlabelled > 0);
}

/**
 * What a data set is good for: few-shot training takes images of both labels from `valid` and an
 * evaluation needs both in `test`; without splits either takes what there is.
 */
export function usesOf(counts: readonly SplitCounts[]): DataCheck['uses'] {
  const ofSplit = (split: Split) =>
    counts.find((count) => count.split === split) ??
    (counts.every((count) => count.split === null) ? counts[0] : undefined);
  const both = (split: Split) => {
    const { normal = 0, abnormal = 0 } = ofSplit(split) ?? {};
    return Math.min(normal, abnormal);
  };
  return {
    predict: counts.length > 0,
    maxShots: both('valid'),
    evaluate: both('test') > 0,
    pixelMetrics: (ofSplit('test')?.masks ?? 0) > 0,
  };
}

/** What the labels of a data set stand in the way of. */
export function labelFindings(counts: readonly SplitCounts[]): Finding[] {
  const total = (key: 'normal' | 'abnormal' | 'unlabelled') =>
    counts.reduce((sum, count) => sum + count[key], 0);
  if (total('normal') + total('abnormal') === 0) {
    return [
      finding(
        'no-labels',
        'No image says whether it is normal or abnormal: good for predicting only.',
      ),
    ];
  }
  const findings: Finding[] = [];
  const splits = counts.filter(({ split }) => split !== 'train');
  for (const { split, normal, abnormal } of splits) {
    const place = split === null ? '' : ` in ${split}`;
    if (abnormal === 0) {
      findings.push(finding('no-abnormal', `No abnormal images${place}: ${consequence(split)}.`));
    }
    if (normal === 0) {
      findings.push(finding('no-normal', `No normal images${place}: ${consequence(split)}.`));
    }
  }
  const hasSplits = counts.some(({ split }) => split !== null);
  for (const split of ['valid', 'test'] as const) {
    if (!hasSplits || counts.some((count) => count.split === split)) continue;
    findings.push(finding(`no-${split}`, `There is no split '${split}': ${consequence(split)}.`));
  }
  return findings;
}

function consequence(split: Split | null): string {
  switch (split) {
    case 'test':
      return 'no AUROC can be computed';
    case null:
      return 'no few-shot training with both, and no AUROC';
    default:
      return 'no few-shot training with both, and no threshold can be chosen';
  }
}

/** Who is in a data set, and who in more than one split of it. */
export function checkPatients({ samples, patients: source }: DataSet): DataCheck['patients'] {
  const imagesOf = new Map<string, Map<Split, string>>();
  for (const { id, patient, split } of samples) {
    if (patient === null) continue;
    const images = imagesOf.get(patient) ?? new Map<Split, string>();
    if (split !== null && !images.has(split)) images.set(split, id);
    imagesOf.set(patient, images);
  }
  const inSeveralSplits = [...imagesOf]
    .filter(([, images]) => images.size > 1)
    .map(([patient, images]) => {
      const splits = SPLITS.filter((split) => split !== null && images.has(split)) as Split[];
      return {
        patient: source === 'derived' ? patient : null,
        images: splits.map((split) => images.get(split)!),
        splits,
      };
    });
  return { source, count: imagesOf.size, inSeveralSplits };
}

/** Word on patients in more than one split: what is learnt of them in one helps in the other. */
export function patientFindings({ source, inSeveralSplits }: DataCheck['patients']): Finding[] {
  const guessed = source === 'derived' ? ' (guessed from file names)' : '';
  return some(
    'patients-across-splits',
    `Patients in more than one split${guessed}: results on them are too good.`,
    inSeveralSplits.map(({ patient, images, splits }) =>
      patient === null ? images.join(', ') : `${patient} (${splits.join(', ')})`,
    ),
  );
}

/** What groups of images with the same bytes mean, by where they lie. */
export function duplicateFindings(groups: readonly (readonly Sample[])[]): Finding[] {
  const across: string[] = [];
  const contradicting: string[] = [];
  const within: string[] = [];
  for (const group of groups) {
    const text = group.map(({ id }) => id).join(' = ');
    const splits = new Set(group.map(({ split }) => split));
    const labels = new Set(group.map(({ label }) => label));
    if (labels.size > 1) contradicting.push(text);
    else if (splits.size > 1) across.push(text);
    else within.push(text);
  }
  return [
    ...some(
      'duplicates-across-labels',
      'The same image with different labels: one of them is wrong.',
      contradicting,
    ),
    ...some(
      'duplicates-across-splits',
      'The same image in more than one split: results on it are too good.',
      across,
    ),
    ...some(
      'duplicates',
      'The same image more than once: it counts more than others.',
      within,
      'note',
    ),
  ];
}

/** A finding about items, or none where there are none. */
export function some(
  kind: FindingKind,
  message: string,
  items: readonly string[],
  severity: Finding['severity'] = 'warning',
): Finding[] {
  return items.length === 0 ? [] : [{ kind, severity, message, items }];
}

function finding(kind: FindingKind, message: string): Finding {
  return { kind, severity: 'warning', message, items: [] };
}
