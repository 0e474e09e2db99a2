import { Worker } from 'node:worker_threads';
import { type ErrorCode, IqeError } from '../base/errors.js';
import {
  type Found,
  numbersOf,
  type Outputs,
  type PixelOptions,
  type PixelWork,
  type ReadImage,
} from './pixelWork.js';

/** What the thread is told. */
export type PixelRequest =
  | { readonly kind: 'images'; readonly words: Parameters<PixelWork['images']> }
  | { readonly kind: 'draw'; readonly id: number; readonly words: Parameters<PixelWork['draw']> }
  | { readonly kind: 'release'; readonly numbers: number }
  | { readonly kind: 'abort' }
  | { readonly kind: 'close' };

/** What it tells. */
export type PixelAnswer =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'end' }
  | { readonly kind: 'drawn'; readonly id: number; readonly outputs: Outputs }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PlainError };

/** Errors lose their class on the way from thread to thread; one without a code was none of ours. */
export interface PlainError {
  readonly code?: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

interface Waiting {
  resolve(outputs: Outputs): void;
  reject(error: unknown): void;
}

/**
 * {@link PixelWork} in a thread of its own: ONNX Runtime holds the thread that runs a model until the
 * model is done; meanwhile the next images are read and the last ones drawn here.
 */
export class PixelThread implements PixelWork {
  readonly #worker: Worker;
  readonly #signal: AbortSignal;
  readonly #ended: Promise<void>;
  readonly #drawing = new Map<number, Waiting>();
  /** What was found and not yet taken; an error or nothing (the end) comes last. */
  readonly #found: (Found | Error | undefined)[] = [];
  #wake: () => void = () => undefined;
  #asked = 0;

  constructor(signal: AbortSignal) {
    this.#worker = new Worker(new URL('./pixelWorker.js', import.meta.url));
    this.#signal = signal;
    this.#worker.on('message', (answer: PixelAnswer) => this.#told(answer));
    this.#worker.on('error', (cause) => this.#failed(cause));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#failed(undefined);
        resolve();
      });
    });
    signal.addEventListener('abort', this.#abort);
  }

  async *images(paths: readonly string[], options: PixelOptions): AsyncGenerator<Found, void> {
    this.#tell({ kind: 'images', words: [paths, options] });
    for (;;) {
      while (this.#found.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const next = this.#found.shift();
      if (next === undefined) return;
      if (next instanceof Error) throw next;
      yield next;
    }
  }

  draw(...words: Parameters<PixelWork['draw']>): Promise<Outputs> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#drawing.set(id, { resolve, reject });
      this.#tell({ kind: 'draw', id, words });
    });
  }

  release(read: ReadImage): void {
    this.#tell({ kind: 'release', numbers: numbersOf(read) });
  }

  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#tell({ kind: 'close' });
    await this.#ended;
  }

  readonly #abort = () => this.#tell({ kind: 'abort' });

  #tell(request: PixelRequest): void {
    this.#worker.postMessage(request);
  }

  #told(answer: PixelAnswer): void {
    if (answer.kind === 'found') this.#add(revived(answer.found));
    else if (answer.kind === 'end') this.#add(undefined);
    else if (answer.kind === 'drawn') this.#drawn(answer.id)?.resolve(answer.outputs);
    else this.#drawn(answer.id)?.reject(errorOf(answer.error));
  }

  #add(found: Found | Error | undefined): void {
    this.#found.push(found);
    this.#wake();
  }

  #drawn(id: number): Waiting | undefined {
    const waiting = this.#drawing.get(id);
    this.#drawing.delete(id);
    return waiting;
  }

  /** The thread ended; where nobody waits for it, as it should. */
  #failed(cause: unknown): void {
    const message = 'The thread that reads and draws images ended early.';
    const error = new IqeError('runtime', message, { cause });
    for (const { reject } of this.#drawing.values()) reject(error);
    this.#drawing.clear();
    this.#add(error);
  }
}

function revived(found: Found): Found {
  return found.kind === 'failure' ? { ...found, error: errorOf(found.error as PlainError) } : found;
}

function errorOf({ code, message, hint }: PlainError): Error {
  if (code === undefined) return new Error(message);
  return new IqeError(code, message, hint === undefined ? {} : { hint });
}

/**
 * A {@link PixelThread}; sources that run as they are, without being built, have no file that a thread
 * could start from, and do its work themselves.
 */
export async function startPixelWork(signal: AbortSignal): Promise<PixelWork> {
  if (import.meta.url.endsWith('.js')) return new PixelThread(signal);
  const { OwnPixelWork } = await import('./ownPixelWork.js');
  return new OwnPixelWork(signal);
}
