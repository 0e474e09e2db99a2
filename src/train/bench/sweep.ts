import { rounded } from './report.js';

/** Costs of the image tower in one setting. */
export interface TowerRow {
  readonly imageSize: number;
  readonly batchSize: number;
  /** Seconds per image. */
  readonly fp32: number;
  readonly int8: number;
  /** Peak memory of a process in float32. */
  readonly peakMB: number;
}

/** Costs of a training step in one setting. */
export interface StepRow {
  readonly imageSize: number;
  readonly batchSize: number;
  readonly seconds: number;
  readonly peakMB: number;
}

/** What {@link describeSweep} tells; all else follows from it. */
export interface SweepReport {
  readonly cpu: string;
  readonly threads: number;
  readonly peakGflops: number;
  readonly backbone: string;
  readonly preset: string;
  readonly epochs: number;
  /** Views of each support image. */
  readonly views: number;
  /** From the start of a process to its first score at the first image size. */
  readonly startSeconds: { readonly fp32: number; readonly int8: number };
  /** Seconds per image of `predict` at the first image size. */
  readonly predict: { readonly fp32: number; readonly int8: number };
  readonly towers: readonly TowerRow[];
  readonly steps: readonly StepRow[];
}

/** Numbers of images for which a whole `predict` is told. */
const folders = [1, 10, 100, 1000];

/** Numbers of shots for which a whole few-shot run is told. */
const shots = [2, 4, 8, 16];

/** The report as Markdown tables. */
export function describeSweep(report: SweepReport): string {
  const { cpu, threads, peakGflops, backbone, preset } = report;
  const { towers, steps } = report;
  const cost = (seconds: number) => (seconds * peakGflops).toFixed(0);
  return [
    `${backbone}, ${preset} preset, on ${cpu} with ${threads} threads, ${peakGflops.toFixed(0)} GFLOP/s`,
    '### Image tower, per image',
    table(
      ['image size', 'batch', 'float32 s', 'int8 s', 'float32 GFLOP', 'int8 GFLOP', 'memory MB'],
      towers.map(({ imageSize, batchSize, fp32, int8, peakMB }) => [
        imageSize,
        batchSize,
        rounded(fp32),
        rounded(int8),
        cost(fp32),
        cost(int8),
        peakMB.toFixed(0),
      ]),
    ),
    '### Training step on cached features',
    table(
      ['image size', 'batch', 's', 's per image', 'GFLOP', 'memory MB'],
      steps.map(({ imageSize, batchSize, seconds, peakMB }) => [
        imageSize,
        batchSize,
        rounded(seconds),
        rounded(seconds / batchSize),
        cost(seconds),
        peakMB.toFixed(0),
      ]),
    ),
    `### \`predict\` on a folder at ${towers[0]!.imageSize} px, start included`,
    table(
      ['images', 'float32 s', 'int8 s'],
      folders.map((images) => {
        const whole = (precision: 'fp32' | 'int8') =>
          report.startSeconds[precision] + (images - 1) * report.predict[precision];
        return [images, rounded(whole('fp32')), rounded(whole('int8'))];
      }),
    ),
    `### Few-shot run of ${report.epochs} epochs at ${towers[0]!.imageSize} px, scaled from the above`,
    table(
      ['shots', 'views', 'steps', 'features s', 'training s', 'GFLOP'],
      shots.map((count) => fewShotRow(report, count)),
    ),
  ].join('\n\n');
}

function fewShotRow(report: SweepReport, count: number): (string | number)[] {
  const { imageSize } = report.towers[0]!;
  const step = report.steps.find(
    (row) => row.imageSize === imageSize && row.batchSize === trainingBatch,
  )!;
  const views = 2 * count * report.views;
  // Part of a batch takes its share of the time of a whole one.
  const perEpoch = views / trainingBatch;
  const features = views * report.towers[0]!.fp32;
  const training = report.epochs * perEpoch * step.seconds;
  return [
    count,
    views,
    report.epochs * Math.ceil(perEpoch),
    rounded(features),
    rounded(training),
    ((features + training) * report.peakGflops).toFixed(0),
  ];
}

/** Batch size of the few-shot runs that are told. */
export const trainingBatch = 16;

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---:')), ...rows.map(line)].join('\n');
}
