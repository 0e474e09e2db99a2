import { rounded } from './report.js';

/** What one method costs on a machine; seconds unless named otherwise. */
export interface MethodCosts {
  readonly cpu: string;
  readonly threads: number;
  /** float32 matrix product 1280×768×3072, in GFLOP/s. */
  readonly peakGflops: number;
  readonly method: string;
  readonly backbone: string;
  readonly imageSize: number;
  /** From a file to its map, per image. */
  readonly predict: { readonly seconds: number; readonly peakMB: number };
  /** Null where nothing is trained. */
  readonly trainStep: {
    readonly batch: number;
    readonly seconds: number;
    readonly peakMB: number;
    /** Numbers that are trained. */
    readonly parameters: number;
  } | null;
}

/** The figures as lines of text, times also × the matrix product rate, which is alike on all machines. */
export function describeMethodCosts(costs: MethodCosts): string {
  const { cpu, threads, peakGflops, method, backbone, imageSize, predict, trainStep } = costs;
  const time = (seconds: number) =>
    `${rounded(seconds)} s, ${(seconds * peakGflops).toFixed(0)} GFLOP`;
  const rows = [
    `${method} on ${backbone} at ${imageSize} px; ${cpu}, ${threads} threads, ${peakGflops.toFixed(0)} GFLOP/s`,
    `  predict        ${time(predict.seconds)} per image, ${predict.peakMB.toFixed(0)} MB`,
  ];
  if (!trainStep) return [...rows, '  training step  none: nothing is trained'].join('\n');
  const { batch, seconds, peakMB, parameters } = trainStep;
  return [
    ...rows,
    `  training step  ${time(seconds)} for ${batch} images, ${peakMB.toFixed(0)} MB`,
    `  trained        ${(parameters / 1e6).toFixed(2)} million numbers`,
  ].join('\n');
}
