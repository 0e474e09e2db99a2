import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, IqeError, throwIfAborted } from '../../base/errors.js';
import type {
  PredictFigures,
  PredictTask,
  StepFigures,
  TowerFigures,
  TowerTask,
  TrainingFigures,
} from './measure.node.js';
import type { BenchSetup } from './setup.node.js';

/** What a process of its own does. */
export type Task =
  | { readonly name: 'prepare' }
  | { readonly name: 'rate' }
  | { readonly name: 'int8' }
  | ({ readonly name: 'tower' } & TowerTask)
  | ({ readonly name: 'predict' } & PredictTask)
  | { readonly name: 'steps'; readonly runs: number }
  | { readonly name: 'training'; readonly shots: number };

interface TaskResults {
  readonly prepare: undefined;
  readonly rate: number;
  readonly int8: boolean;
  readonly tower: TowerFigures;
  readonly predict: PredictFigures;
  readonly steps: StepFigures;
  readonly training: TrainingFigures;
}

/** What a task's process is told. */
export interface TaskRequest {
  readonly setup: BenchSetup;
  readonly task: Task;
}

/** What it tells. */
export type TaskAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | {
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
    };

const script = fileURLToPath(new URL('./task.node.js', import.meta.url));

/**
 * Does a task in a process of its own, which ends with it or with `signal`.
 *
 * @throws {IqeError} what the task threw; `interrupted`; `runtime` where the process died.
 */
export async function runTask<Chosen extends Task>(
  setup: BenchSetup,
  task: Chosen,
  signal?: AbortSignal,
): Promise<TaskResults[Chosen['name']]> {
  throwIfAborted(signal);
  const child = fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop);
  try {
    const result = await new Promise<unknown>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, by) => {
        const message = `Measuring '${task.name}' ended early (${by ?? `status ${code}`}).`;
        const hint = by === 'SIGKILL' ? 'There may not be enough memory.' : undefined;
        reject(new IqeError('runtime', message, hint === undefined ? {} : { hint }));
      });
      child.on('message', (answer: TaskAnswer) => {
        if (answer.kind === 'result') {
          resolve(answer.result);
        } else {
          const { code, message, hint } = answer;
          reject(new IqeError(code, message, hint === undefined ? {} : { hint }));
        }
      });
      const request: TaskRequest = { setup, task };
      child.send(request);
    });
    return result as TaskResults[Chosen['name']];
  } catch (error) {
    // Ctrl-C in a terminal ends both processes: then it is no failure of the measurement.
    throwIfAborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
