import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { IqeError, messageOf } from '../../base/errors.js';
import type { ProgressCallback } from '../../base/progress.js';
import type { RuntimeOptions } from '../../graph/session.js';
import type { RunConfig } from '../config.js';
import { coldStartSeconds } from './coldStart.node.js';
import type { Precision } from './measure.node.js';
import { type BenchFigures, type BenchReport, benchCosts, rounded } from './report.js';
import { type BenchSetup, secondsToReadWeights } from './setup.node.js';
import { runTask, type Task } from './taskProcess.node.js';
import { median } from './timing.js';

export interface BenchOptions {
  readonly config: RunConfig;
  /** Folder of a CLIP model; random weights of ViT-L/14's size are made where there is none. */
  readonly backbone: string | undefined;
  readonly runtime: RuntimeOptions;
  /** The script that is the command line: starts are measured with it. */
  readonly program: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

const shots = 4;
const coldStarts = 5;
/** Medians are of so many. */
const repeats = 7;

/**
 * Measures speed and memory on this machine, each in a process of its own.
 *
 * @throws {IqeError} `interrupted`; `output` where there is no room for the weights; `config`,
 *   `checkpoint`, `runtime`.
 */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  return inTemporaryFolder(async (folder) => {
    const { config, backbone, runtime, program, signal, onProgress } = options;
    const setup: BenchSetup = { folder, config, backbone, runtime };
    const tasks = steps();
    let done = 0;
    const report = () =>
      onProgress?.({ stage: 'bench', done: done++, total: tasks, unit: 'measurements' });
    const run = async <Chosen extends Task>(task: Chosen) => {
      report();
      return runTask(setup, task, signal);
    };
    await run({ name: 'prepare' });
    const rates = [await run({ name: 'rate' })];
    const hasInt8Products = await run({ name: 'int8' });
    const tower = async (precision: Precision) =>
      (await run({ name: 'tower', precision, batchSize: 1, runs: repeats })).seconds;
    const towers = { fp32: await tower('fp32'), int8: await tower('int8') };
    const predict = (precision: Precision) =>
      run({ name: 'predict', precision, images: repeats, among: 1000 });
    const float = await predict('fp32');
    const int8 = await predict('int8');
    rates.push(await run({ name: 'rate' }));
    const starts: number[] = [];
    const reads: number[] = [];
    // The first start makes the graph and keeps it; it does not count.
    while (starts.length <= coldStarts) {
      reads.push(await secondsToReadWeights(setup));
      report();
      starts.push(await coldStartSeconds(setup, program, 'fp32', signal));
    }
    const training = await run({ name: 'training', shots });
    rates.push(await run({ name: 'rate' }));
    report();
    const figures: BenchFigures = {
      cpu: cpus()[0]?.model ?? 'unknown',
      threads: runtime.threads ?? availableParallelism(),
      hasInt8Products,
      peakGflops: rounded(median(rates)),
      backbone: backboneName(options),
      preset: config.preset,
      imageSize: config.model.imageSize,
      towers: { fp32: rounded(towers.fp32), int8: rounded(towers.int8) },
      predict: { fp32: rounded(float.seconds), int8: rounded(int8.seconds) },
      trainStep: { batch: config.training.batchSize, seconds: rounded(training.stepSeconds) },
      fewShotRun: {
        shots,
        epochs: config.training.epochs,
        seconds: rounded(training.runSeconds),
      },
      coldStartSeconds: rounded(median(starts.slice(1))),
      readWeightsSeconds: rounded(median(reads)),
      peakRssMB: { predict: rounded(float.peakMB), train: rounded(training.peakMB) },
    };
    return { ...figures, costs: benchCosts(figures, limited(options)) };
  });
}

/** What a report calls the model that was measured. */
export function backboneName({ backbone }: BenchOptions): string {
  return backbone === undefined ? 'ViT-L/14 (random weights)' : basename(backbone);
}

/** How many processes {@link bench} starts one after the other. */
const steps = () => 1 + 3 + 1 + 2 + 2 + (1 + coldStarts) + 1;

/** The limits are for ViT-L/14 at 240 px as the `official` preset has it. */
function limited({ backbone, config }: BenchOptions): boolean {
  const { preset, model, training } = config;
  const asSet = model.imageSize === 240 && training.batchSize === 16 && training.epochs === 50;
  return backbone === undefined && preset === 'official' && asSet;
}

/**
 * Gives `act` a folder that goes afterwards, also when the process ends in the middle of it.
 *
 * @throws {IqeError} `output` where there can be none.
 */
export async function inTemporaryFolder<Result>(
  act: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'iqe-clip-bench-')).catch((cause: unknown) => {
    throw new IqeError('output', `No temporary folder can be made: ${messageOf(cause)}`, { cause });
  });
  const removeNow = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeNow);
  try {
    return await act(folder);
  } finally {
    process.off('exit', removeNow);
    await rm(folder, { recursive: true, force: true });
  }
}
