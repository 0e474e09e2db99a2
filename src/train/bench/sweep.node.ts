import { availableParallelism, cpus } from 'node:os';
import type { RunConfig } from '../config.js';
import { type BenchOptions, backboneName, inTemporaryFolder } from './bench.node.js';
import { coldStartSeconds } from './coldStart.node.js';
import type { Precision } from './measure.node.js';
import type { BenchSetup } from './setup.node.js';
import { type StepRow, type SweepReport, type TowerRow, trainingBatch } from './sweep.js';
import { runTask, type Task } from './taskProcess.node.js';
import { median } from './timing.js';

/** What costs are measured against. */
export interface SweepPlan {
  /** The first one is that of whole predictions and runs. */
  readonly imageSizes: readonly number[];
  readonly towerBatches: readonly number[];
  /** Always with {@link trainingBatch}. */
  readonly trainingBatches: readonly number[];
}

export const sweepPlan: SweepPlan = {
  imageSizes: [240, 336, 518],
  towerBatches: [1, 4, 8],
  trainingBatches: [8, trainingBatch, 32],
};

/** Medians are of so many: here the trend counts. */
const runs = 3;

/**
 * Measures how costs grow with image size, batch size and number of images: some twenty minutes at
 * ViT-L/14.
 *
 * @throws {IqeError} as `bench` does.
 */
export async function sweep(options: BenchOptions, plan = sweepPlan): Promise<SweepReport> {
  return inTemporaryFolder(async (folder) => {
    const { config, backbone, runtime, program, signal, onProgress } = options;
    const { imageSizes, towerBatches, trainingBatches } = plan;
    const setup = (imageSize: number, batchSize = trainingBatch): BenchSetup => ({
      folder,
      backbone,
      runtime,
      config: {
        ...config,
        model: { ...config.model, imageSize },
        training: { ...config.training, batchSize },
      } as RunConfig,
    });
    const settings = 2 * towerBatches.length + trainingBatches.length;
    const total = 1 + 6 + imageSizes.length * (settings + 1);
    let done = 0;
    const report = () =>
      onProgress?.({ stage: 'bench', done: done++, total, unit: 'measurements' });
    const run = async <Chosen extends Task>(where: BenchSetup, task: Chosen) => {
      report();
      return runTask(where, task, signal);
    };
    const start = async (precision: Precision) => {
      let seconds = 0;
      // The first one makes the graph, or the tower's weights in int8, and keeps them.
      for (let time = 0; time < 2; time++) {
        report();
        seconds = await coldStartSeconds(first, program, precision, signal);
      }
      return seconds;
    };
    const first = setup(imageSizes[0]!);
    await run(first, { name: 'prepare' });
    const whole = { name: 'predict', images: runs, among: 1000 } as const;
    const fp32 = await run(first, { ...whole, precision: 'fp32' });
    const int8 = await run(first, { ...whole, precision: 'int8' });
    const startSeconds = { fp32: await start('fp32'), int8: await start('int8') };
    const rates: number[] = [];
    const towers: TowerRow[] = [];
    const steps: StepRow[] = [];
    for (const imageSize of imageSizes) {
      rates.push(await run(setup(imageSize), { name: 'rate' }));
      for (const batchSize of towerBatches) {
        const tower = (precision: Precision) =>
          run(setup(imageSize), { name: 'tower', precision, batchSize, runs });
        const float = await tower('fp32');
        const { seconds } = await tower('int8');
        const row = { imageSize, batchSize, fp32: float.seconds, int8: seconds };
        towers.push({ ...row, peakMB: float.peakMB });
      }
      for (const batchSize of trainingBatches) {
        const step = await run(setup(imageSize, batchSize), { name: 'steps', runs });
        steps.push({ imageSize, batchSize, ...step });
      }
    }
    report();
    return {
      cpu: cpus()[0]?.model ?? 'unknown',
      threads: runtime.threads ?? availableParallelism(),
      peakGflops: median(rates),
      backbone: backboneName(options),
      preset: config.preset,
      epochs: config.training.epochs,
      views: config.training.augmentations.length,
      startSeconds,
      predict: { fp32: fp32.seconds, int8: int8.seconds },
      towers,
      steps,
    };
  });
}
