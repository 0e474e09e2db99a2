import { availableParallelism, cpus } from 'node:os';
import { entryOf } from '../../methods/registry.js';
import { type BenchOptions, backboneName, inTemporaryFolder } from './bench.node.js';
import type { MethodCosts } from './methodCosts.js';
import { rounded } from './report.js';
import { runTask, type Task } from './taskProcess.node.js';
import { median } from './timing.js';

/** Medians are of so many. */
const repeats = 3;

/**
 * Measures what a method costs per image and per training step, each in a process of its own: its
 * memory, where it has one, is of four images.
 *
 * @throws {IqeError} as `bench` does.
 */
export async function methodCosts(options: BenchOptions): Promise<MethodCosts> {
  return inTemporaryFolder(async (folder) => {
    const { config, backbone, runtime, signal, onProgress } = options;
    const setup = { folder, config, backbone, runtime };
    const isTrained = entryOf(config.method).training !== undefined;
    const total = isTrained ? 5 : 4;
    let done = 0;
    const run = async <Chosen extends Task>(task: Chosen) => {
      onProgress?.({ stage: 'bench', done: done++, total, unit: 'measurements' });
      return runTask(setup, task, signal);
    };
    await run({ name: 'prepare' });
    const rates = [await run({ name: 'rate' })];
    const predict = await run({ name: 'predict', precision: 'fp32', images: repeats, among: 1000 });
    const step = isTrained ? await run({ name: 'steps', runs: repeats }) : undefined;
    rates.push(await run({ name: 'rate' }));
    onProgress?.({ stage: 'bench', done, total, unit: 'measurements' });
    return {
      cpu: cpus()[0]?.model ?? 'unknown',
      threads: runtime.threads ?? availableParallelism(),
      peakGflops: rounded(median(rates)),
      method: config.method,
      backbone: backboneName(options),
      imageSize: config.model.imageSize,
      predict: { seconds: rounded(predict.seconds), peakMB: rounded(predict.peakMB) },
      trainStep: step
        ? {
            batch: config.training.batchSize,
            seconds: rounded(step.seconds),
            peakMB: rounded(step.peakMB),
            parameters: step.parameters,
          }
        : null,
    };
  });
}
