import { parentPort } from 'node:worker_threads';
import { IqeError, messageOf } from '../base/errors.js';
import { OwnPixelWork } from './ownPixelWork.js';
import type { PixelAnswer, PixelRequest, PlainError } from './pixelThread.js';
import { type Found, numbersOf } from './pixelWork.js';

/**
 * So many numbers of images are read before they are needed: ten radiographs, a hundred thumbnails, or
 * one image of any size.
 */
const mostNumbersAhead = 16e6;

/** The thread of a `PixelThread`: it reads ahead as far as there is room, and draws as it is told. */
const stopped = new AbortController();
const work = new OwnPixelWork(stopped.signal);
const running = new Set<Promise<void>>();
let [held, isClosing] = [0, false];
let wake: () => void = () => undefined;

parentPort!.on('message', (request: PixelRequest) => {
  switch (request.kind) {
    case 'images':
      return run(readAll(request.words));
    case 'draw':
      return run(draw(request));
    case 'release':
      held -= request.numbers;
      return wake();
    case 'abort':
      stopped.abort();
      return wake();
    case 'close':
      isClosing = true;
      wake();
      Promise.allSettled(running).then(() => parentPort!.close());
  }
});

function run(task: Promise<void>): void {
  const whole = task.finally(() => running.delete(whole));
  running.add(whole);
}

async function readAll(words: Extract<PixelRequest, { kind: 'images' }>['words']): Promise<void> {
  for await (const found of work.images(...words)) {
    if (found.kind === 'image') held += numbersOf(found.read);
    tell({ kind: 'found', found: told(found) });
    while (held >= mostNumbersAhead && !stopped.signal.aborted && !isClosing) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (isClosing) return;
  }
  tell({ kind: 'end' });
}

async function draw({ id, words }: Extract<PixelRequest, { kind: 'draw' }>): Promise<void> {
  try {
    tell({ kind: 'drawn', id, outputs: await work.draw(...words) });
  } catch (error) {
    tell({ kind: 'failed', id, error: plain(error) });
  }
}

function tell(answer: PixelAnswer): void {
  parentPort!.postMessage(answer);
}

function told(found: Found): Found {
  return found.kind === 'failure' ? { ...found, error: plain(found.error) } : found;
}

function plain(error: unknown): PlainError {
  const message = messageOf(error);
  if (!(error instanceof IqeError)) return { message };
  const { code, hint } = error;
  return { code, message, ...(hint !== undefined && { hint }) };
}
