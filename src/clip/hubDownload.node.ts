import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { IqeError, messageOf, throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { PartialFile } from './hubPartial.node.js';
import {
  type HubAnswer,
  networkMessage,
  requestFile,
  TemporaryFailure,
} from './hubRequest.node.js';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  /** Milliseconds before the second try; each further one waits twice as long. Default 1000. */
  readonly retryDelay?: number | undefined;
}

/** How a download ended: the file is there now, or the hub has none (and perhaps said why). */
export type Downloaded =
  | { readonly isMissing: false }
  | { readonly isMissing: true; readonly reason: string | undefined };

/**
 * Downloads `url` to the file `target`, whose folder is made if need be. What was downloaded before
 * a cut is kept beside it and continued, here for as long as there is progress and by the next call.
 * The file gets its name only when it is complete and, where the hub tells its SHA-256, has it.
 *
 * @throws {IqeError} `download` when the server cannot be reached or refuses or the checksum differs
 *   (what came is deleted then), `output` when the folder cannot be written, `interrupted`.
 */
export async function downloadFile(
  url: string,
  target: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  await writing(target, () => mkdir(dirname(target), { recursive: true }));
  let furthest = 0;
  let failures = 0;
  for (;;) {
    let position = 0;
    try {
      return await downloadOnce(url, target, options, (bytes) => {
        position = bytes;
      });
    } catch (error) {
      if (!(error instanceof TemporaryFailure)) throw error;
      failures = position > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, position);
      if (failures > 3) throw gaveUp(error);
      await wait((options.retryDelay ?? 1000) * 2 ** (failures - 1), undefined, {
        ...(options.signal && { signal: options.signal }),
      }).catch(() => throwIfAborted(options.signal));
    }
  }
}

async function downloadOnce(
  url: string,
  target: string,
  { signal, onProgress }: DownloadOptions,
  reached: (bytes: number) => void,
): Promise<Downloaded> {
  let partial = await writing(target, () => PartialFile.take(target));
  try {
    let answer = await requestFile(url, partial?.size ?? 0, signal);
    if (answer.isMissing) return { isMissing: true, reason: answer.reason };
    if (partial !== undefined && !continues(partial, answer)) {
      await answer.body?.cancel();
      await partial.discard();
      partial = undefined;
      answer = await requestFile(url, 0, signal);
      if (answer.isMissing) return { isMissing: true, reason: answer.reason };
    }
    const current = partial ?? PartialFile.start(target, answer.tag);
    partial = current;
    const { path } = current;
    await receive(answer, path, url, signal, (done) => {
      reached(done);
      const stage = `download ${basename(target)}`;
      onProgress?.({ stage, done, total: answer.size, unit: 'bytes' });
    });
    if (answer.sha256 !== undefined) {
      const actual = await checksumOf(path, signal);
      if (actual !== answer.sha256) {
        await current.discard();
        throw damaged(url, actual, answer.sha256);
      }
    }
    await writing(target, () => current.finish());
    partial = undefined;
    return { isMissing: false };
  } finally {
    await partial?.putDown();
  }
}

/** Whether what the hub sends goes on where `partial` ends, or is the whole of the same version. */
function continues(partial: PartialFile, answer: HubAnswer): boolean {
  const isWhole = answer.offset === 0 && answer.body !== null;
  return partial.isOf(answer.tag) && (isWhole || answer.offset === partial.size);
}

/** Writes the body of `answer` to the end of the file at `path`, or over it from the beginning. */
async function receive(
  { body, offset, size }: HubAnswer,
  path: string,
  url: string,
  signal: AbortSignal | undefined,
  onPosition: (bytes: number) => void,
): Promise<void> {
  const reader = body?.getReader();
  const file = await writing(path, () => open(path, offset > 0 ? 'a' : 'w'));
  try {
    let position = offset;
    onPosition(position);
    for (;;) {
      const chunk = await reader?.read().catch((error: unknown) => {
        throwIfAborted(signal);
        throw new TemporaryFailure(`${url}: the connection was cut: ${networkMessage(error)}`);
      });
      throwIfAborted(signal);
      if (chunk === undefined || chunk.done) break;
      await writing(path, () => file.appendFile(chunk.value));
      position += chunk.value.length;
      onPosition(position);
    }
    if (size !== undefined && position !== size) {
      throw new TemporaryFailure(`${url}: ${position} of ${size} bytes came.`);
    }
    await writing(path, () => file.sync());
  } finally {
    await reader?.cancel().catch(() => {});
    await file.close();
  }
}

async function checksumOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    throwIfAborted(signal);
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

function damaged(url: string, actual: string, expected: string): IqeError {
  return new IqeError(
    'download',
    `${url} came damaged and was deleted: its SHA-256 is ${actual}, the hub promises ${expected}.`,
    { hint: 'Run it again; if it happens again, the mirror or a proxy changes the file.' },
  );
}

function gaveUp(failure: TemporaryFailure): IqeError {
  return new IqeError('download', failure.message, {
    hint:
      'Run it again: a download goes on where it stopped. A mirror can be set by IQE_HUB_MIRROR; the ' +
      'folder of a checkpoint works in place of its name, without a network.',
    cause: failure,
  });
}

async function writing<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new IqeError('output', `Cannot write ${path}: ${messageOf(error)}`, {
      hint: 'Make room or choose another cache folder by IQE_CACHE.',
      cause: error,
    });
  }
}
