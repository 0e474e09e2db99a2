import type { BinningError } from '../metrics/binningError.js';
import type { SavedRun } from '../train/savedRun.js';
import { evaluationResult, type MeasuredScores, ruleOf } from './evaluationResult.js';
import { counted, formatPercent } from './numbers.js';
import { backboneNotices, runFacts, runProtocol } from './runFacts.js';
import type { EmbeddingFigure, ReportData, Thumbnails } from './types.js';
import { unitNotice } from './unitNotice.js';

/** One run measured on one split of one data set. */
export interface EvaluatedRun {
  readonly run: SavedRun;
  /** Name of the data set. */
  readonly set: string;
  readonly split: string;
  readonly measured: MeasuredScores & {
    readonly dataHash: string;
    readonly failures: readonly unknown[];
  };
  readonly thumbnails: ReadonlyMap<string, Thumbnails>;
  readonly embeddings?: readonly EmbeddingFigure[];
  /** What else a reader must know before the numbers. */
  readonly notices?: readonly string[];
}

/**
 * The report of one evaluation.
 *
 * @throws {IqeError} `interrupted`
 */
export function evaluationReport(
  { run, set, split, measured, thumbnails, embeddings = [], notices = [] }: EvaluatedRun,
  signal?: AbortSignal,
): ReportData {
  const { config, decision } = run;
  const threshold = decision?.threshold;
  const rule = threshold && decision ? `${ruleOf(threshold)} on the ${decision.chosenOn}` : '';
  const { normal, abnormal } = measured.n;
  const failed = measured.failures.length;
  return {
    title: `${config.method} on ${set}`,
    subtitle: `${counted(normal, 'normal image')} and ${counted(abnormal, 'abnormal image')} of the split ${split}`,
    notices: [
      ...backboneNotices(run),
      ...[unitNotice(measured) ?? []].flat(),
      ...notices,
      ...(failed > 0 ? [`${counted(failed, 'image')} could not be read and left out.`] : []),
    ],
    facts: [...runFacts(run), ...measurementFacts(measured)],
    protocol: runProtocol(run),
    evaluations: [
      evaluationResult(measured, { method: config.method, set, rule, thumbnails, signal }),
    ],
    embeddings,
  };
}

function measurementFacts(measured: EvaluatedRun['measured']): ReportData['facts'] {
  const { n, pixel, intervals, resampled, dataHash, seed } = measured;
  const delong = intervals['image.auroc.delong'];
  const units = n.patients === null ? 'images' : counted(n.patients, 'patient');
  return [
    [
      'Intervals',
      resampled === null ? 'none' : `95 %, 1000 bootstrap resamples over ${units}, seed ${seed}`,
    ],
    ...(delong
      ? [
          [
            'AUROC after DeLong',
            `95 % interval ${delong.map((end) => formatPercent(end, 1)).join('–')} %`,
          ] as const,
        ]
      : []),
    ...(pixel
      ? [
          [
            'Pixels',
            `${counted(pixel.images, 'image')}, ${counted(pixel.regions, 'anomalous region')}; ${errorOf(pixel.binningError)}`,
          ] as const,
        ]
      : []),
    ['Images and masks', `SHA-256 ${dataHash.slice(0, 16)}…`],
  ];
}

/** How exact the pixel metrics are. */
function errorOf(errors: BinningError): string {
  const largest = Math.max(...Object.values(errors));
  return largest === 0 ? 'counted exactly' : `binned, at most ${largest.toPrecision(1)} off`;
}
