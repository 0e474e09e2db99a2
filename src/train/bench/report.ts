/** The figures of a machine; seconds unless named otherwise. The names are part of the command line. */
export interface BenchReport {
  readonly cpu: string;
  readonly threads: number;
  /** float32 matrix product 1280×768×3072, in GFLOP/s. */
  readonly peakGflops: number;
  /** Whether products of int8 keep whole sums, as with VNNI. */
  readonly hasInt8Products: boolean;
  readonly backbone: string;
  readonly preset: string;
  readonly imageSize: number;
  /** The frozen image tower alone, per image. */
  readonly towers: { readonly fp32: number; readonly int8: number };
  /** From a file to its map, per image. */
  readonly predict: { readonly fp32: number; readonly int8: number };
  readonly trainStep: { readonly batch: number; readonly seconds: number };
  /** Features of all views, training, threshold. */
  readonly fewShotRun: {
    readonly shots: number;
    readonly epochs: number;
    readonly seconds: number;
  };
  /** From the start of a process to its first score, the weights in the system's file cache. */
  readonly coldStartSeconds: number;
  /** Reading all weights as plain files, for comparison. */
  readonly readWeightsSeconds: number;
  readonly peakRssMB: { readonly predict: number; readonly train: number };
  readonly costs: readonly Cost[];
}

/** A figure in a unit that means the same on every machine, beside what it may be. */
export interface Cost {
  readonly figure: string;
  readonly value: number;
  readonly unit: 'GFLOP' | 'MB' | 'times';
  /** Null where there is none: it was set for ViT-L/14 at 240 px. */
  readonly limit: number | null;
}

export type BenchFigures = Omit<BenchReport, 'costs'>;

/**
 * Costs of `figures`: times × the machine's matrix product rate, and what is compared otherwise.
 *
 * @param limits Whether the limits hold, which were set for ViT-L/14 at 240 px.
 */
export function benchCosts(figures: BenchFigures, limits: boolean): Cost[] {
  const { peakGflops, towers, predict, trainStep, fewShotRun, peakRssMB } = figures;
  const cost = (
    figure: string,
    value: number,
    unit: Cost['unit'],
    limit: number | null = null,
  ): Cost => ({ figure, value: rounded(value), unit, limit: limits ? limit : null });
  const gflop = (figure: string, seconds: number, limit?: number) =>
    cost(figure, seconds * peakGflops, 'GFLOP', limit);
  // Without such products an int8 sum takes three instructions instead of one.
  const int8Limit = figures.hasInt8Products ? 0.4 : 1;
  const warm = figures.readWeightsSeconds + predict.fp32;
  return [
    gflop('image tower, float32', towers.fp32),
    gflop('image tower, int8', towers.int8),
    gflop('predict, float32', predict.fp32, 230),
    gflop('predict, int8', predict.int8),
    gflop(`training step of ${trainStep.batch}`, trainStep.seconds, 300),
    // 13 minutes at 160 GFLOP/s.
    gflop(`${fewShotRun.shots}-shot run`, fewShotRun.seconds, 13 * 60 * 160),
    cost('int8 tower over float32 tower', towers.int8 / towers.fp32, 'times', int8Limit),
    cost('cold start over weights read + one image', figures.coldStartSeconds / warm, 'times', 1.5),
    cost('memory, predict', peakRssMB.predict, 'MB', 3000),
    cost('memory, train', peakRssMB.train, 'MB', 4000),
  ];
}

/** To four digits, which is more than any of them is worth. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** The report as lines of text. */
export function describeBench(report: BenchReport): string {
  const { towers, predict, trainStep, fewShotRun, peakRssMB, costs } = report;
  const seconds = (value: number) => `${value.toFixed(value < 10 ? 3 : 1)} s`;
  const rows = [
    [
      'processor',
      `${report.cpu}, ${report.threads} threads, ${report.hasInt8Products ? 'with' : 'without'} VNNI or the like`,
    ],
    ['matrix product', `${report.peakGflops.toFixed(0)} GFLOP/s`],
    ['image tower', `${seconds(towers.fp32)} float32, ${seconds(towers.int8)} int8 per image`],
    ['predict', `${seconds(predict.fp32)} float32, ${seconds(predict.int8)} int8 per image`],
    ['training step', `${seconds(trainStep.seconds)} for ${trainStep.batch} images`],
    [
      'few-shot run',
      `${seconds(fewShotRun.seconds)} for ${fewShotRun.shots} shots, ${fewShotRun.epochs} epochs`,
    ],
    [
      'cold start',
      `${seconds(report.coldStartSeconds)}; reading the weights: ${seconds(report.readWeightsSeconds)}`,
    ],
    [
      'memory',
      `${peakRssMB.predict.toFixed(0)} MB predict, ${peakRssMB.train.toFixed(0)} MB train`,
    ],
  ] as const;
  const { backbone, imageSize, preset } = report;
  return [
    `${backbone} at ${imageSize} px, ${preset} preset`,
    ...columns(rows),
    '',
    'Costs (time × matrix product rate) and limits',
    ...columns(costs.map(costRow)),
  ].join('\n');
}

function costRow({ figure, value, unit, limit }: Cost): readonly string[] {
  const of = unit === 'times' ? '' : ` ${unit}`;
  const shown = unit === 'times' ? value.toFixed(2) : value.toFixed(0);
  if (limit === null) return [figure, shown + of];
  return [figure, shown + of, `at most ${limit}${of}${value > limit ? ' – missed' : ''}`];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}
