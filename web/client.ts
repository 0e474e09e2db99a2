import { IqeError } from '../src/base/errors.js';
import type { ProgressCallback } from '../src/base/progress.js';
import type { FromWorker, Request, Results, ToWorker } from './protocol.js';
import workerAddress from './worker.ts?worker&url';

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ProgressCallback | undefined;
}

/** The worker that holds the model, as promises. */
export class ModelWorker {
  readonly #worker = new Worker(policedAddress(workerAddress), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      const waiting = this.#waiting.get(data.id);
      if (!waiting) return;
      if ('progress' in data) {
        waiting.onProgress?.(data.progress);
        return;
      }
      this.#waiting.delete(data.id);
      if ('result' in data) waiting.resolve(data.result as never);
      else waiting.reject(asError(data.error));
    });
    this.#worker.addEventListener('error', ({ message }) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new IqeError('runtime', `The model's worker failed: ${message}`));
      }
      this.#waiting.clear();
    });
  }

  /** Requests are worked on one after the other. */
  ask<Kind extends Request['kind']>(
    request: Extract<Request, { kind: Kind }>,
    options: { onProgress?: ProgressCallback; signal?: AbortSignal } = {},
  ): Promise<Results[Kind]> {
    const id = this.#requests++;
    const { onProgress, signal } = options;
    signal?.addEventListener('abort', () => this.#send({ stop: id }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onProgress });
      this.#send({ id, request });
    });
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

/**
 * An address of the same worker for which the page's policy holds, so that the browser itself keeps it
 * from sending anything: workers inherit a policy only when they come from the page's own memory.
 */
function policedAddress(address: string): string {
  const { href } = new URL(address, location.href);
  const source = `import ${JSON.stringify(href)};`;
  return URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
}

function asError({ message, hint }: { message: string; hint: string | undefined }): Error {
  return new Error(hint === undefined ? message : `${message} ${hint}`);
}
