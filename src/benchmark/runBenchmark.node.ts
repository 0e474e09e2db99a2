import { IqeError, messageOf, throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { readDataSet } from '../data/layouts/read.node.js';
import { SealedDataSet } from '../data/sealedDataSet.js';
import { metricValues } from '../metrics/evaluation.js';
import { openBackbone } from '../train/backbone.node.js';
import type { FailedImage } from '../train/failedImage.js';
import { ContentHashes } from './contents.node.js';
import { type Cell, planCells } from './plan.js';
import type { CellResult, FinishedCell } from './results.js';
import { type CellOptions, runCell } from './runCell.node.js';

export interface BenchmarkOptions
  extends Omit<CellOptions, 'dataSet' | 'backboneIdentity' | 'contents'> {
  /** Settings that the user said, which win over those of the file. */
  readonly given?: object;
}

/** What a benchmark measured. */
export interface BenchmarkOutcome {
  readonly cells: readonly FinishedCell[];
  /** What a reader must know of the data. */
  readonly notices: readonly string[];
}

/**
 * Makes and measures all cells of a benchmark, one after the other. What was made before is kept;
 * a cell that fails is reported, and the others are done.
 *
 * @throws {IqeError} `config` before anything is done; `interrupted`, after which the same call goes
 *   on where this one stopped; `output` where results cannot be written.
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkOutcome> {
  const { benchmark, given = {}, signal, onProgress, onNote } = options;
  const plan = planCells(benchmark, given);
  const dataSets = new Map<string, SealedDataSet>();
  const identities = new Map<string, string>();
  const shared: CellOptions = {
    ...options,
    contents: new ContentHashes(),
    dataSet: async (name) => {
      const known = dataSets.get(name);
      if (known) return known;
      const entry = benchmark.sets.find((set) => set.name === name)!;
      const dataSet = await readDataSet(entry.folder ?? entry.name, { signal });
      const sealed = new SealedDataSet({ ...dataSet, name });
      dataSets.set(name, sealed);
      return sealed;
    },
    backboneIdentity: async (name) => {
      const known = identities.get(name);
      if (known !== undefined) return known;
      const { checkpoint } = await openBackbone(name, { signal, onProgress });
      identities.set(name, checkpoint.identity);
      return checkpoint.identity;
    },
  };
  const cells: FinishedCell[] = [];
  const told = new Set<string>();
  for (const [index, cell] of plan.entries()) {
    throwIfAborted(signal);
    const progress = cellProgress(index, plan.length, onProgress);
    const finished = await attempt(cell, { ...shared, onProgress: progress });
    cells.push(finished);
    for (const { message } of unreadImages(finished)) {
      // Many cells may have the same images.
      if (!told.has(message)) onNote?.(`Failed: ${message}`);
      told.add(message);
    }
    const { failure } = finished.result;
    if (failure !== null) onNote?.(`Failed: ${describeCell(cell)}: ${failure}`);
    onProgress?.({ stage: 'benchmark', done: index + 1, total: plan.length, unit: 'cells' });
  }
  return { cells, notices: patientNotices([...dataSets.values()]) };
}

/** Images that a cell was learned or measured without, in this call or an earlier one. */
function unreadImages({ measured }: Pick<FinishedCell, 'measured'>): readonly FailedImage[] {
  return measured ? [...measured.unread, ...measured.evaluation.failures] : [];
}

/** A cell for people: its method, set, setting and seed. */
export function describeCell({ method, set, setting, seed }: Cell): string {
  return `${method.name} on ${set.name}, ${setting.id}, seed ${seed}`;
}

async function attempt(cell: Cell, options: CellOptions): Promise<FinishedCell> {
  const { setting, set, method, seed, folder } = cell;
  const about = { setting: setting.id, set: set.name, method: method.name, seed, folder };
  try {
    const measured = await runCell(cell, options);
    if ('skipped' in measured) {
      const { skipped } = measured;
      return { cell, result: { ...about, ...nothing, skipped }, measured: undefined };
    }
    const { evaluation } = measured;
    const { intervals, resampled, n, dataHash } = evaluation;
    const result: CellResult = {
      ...about,
      metrics: metricValues(evaluation),
      intervals,
      resampled,
      n,
      dataHash,
      skipped: null,
      failure: null,
      failedImages: unreadImages({ measured }).length,
    };
    return { cell, result, measured };
  } catch (error) {
    if (endsAll(error)) throw error;
    const result: CellResult = { ...about, ...nothing, failure: failureText(error) };
    return { cell, result, measured: undefined };
  }
}

/** The result of a cell that was not measured. */
const nothing = {
  metrics: null,
  intervals: {},
  resampled: null,
  n: null,
  dataHash: null,
  skipped: null,
  failure: null,
  failedImages: 0,
} as const;

/** Ctrl-C, or a disk that takes nothing more: the other cells would not fare better. */
function endsAll(error: unknown): boolean {
  if (error instanceof IqeError) return error.code === 'interrupted' || error.code === 'output';
  return error instanceof Error && error.name === 'AbortError';
}

function failureText(error: unknown): string {
  const hint = error instanceof IqeError && error.hint !== undefined ? ` ${error.hint}` : '';
  return `${messageOf(error)}${hint}`;
}

/** How much of a cell is done at the end of each stage, roughly: for the time that is left. */
const shares: Readonly<Record<string, readonly [from: number, to: number]>> = {
  features: [0, 0.2],
  training: [0.2, 0.7],
  threshold: [0.7, 0.8],
  evaluation: [0.8, 1],
};

/** Progress within a cell as progress of the benchmark. */
function cellProgress(
  index: number,
  cells: number,
  onProgress: ProgressCallback | undefined,
): ProgressCallback {
  let reached = 0;
  return ({ stage, done, total }) => {
    const share = shares[stage];
    if (!share || !total) return;
    reached = Math.max(reached, share[0] + (share[1] - share[0]) * (done / total));
    // The end of a cell is told when its results are written.
    const cellsDone = index + Math.min(reached, 0.999);
    onProgress?.({ stage: 'benchmark', done: cellsDone, total: cells, unit: 'cells' });
  };
}

function patientNotices(dataSets: readonly SealedDataSet[]): string[] {
  return dataSets.flatMap((dataSet) => {
    const patients = dataSet.patientsOnBothSides().length;
    if (patients === 0) return [];
    const count = patients === 1 ? 'One patient has' : `${patients} patients have`;
    return `${dataSet.name}: ${count} images in the test split and outside of it, as their names tell; its numbers are too high for new patients.`;
  });
}
