import { joinBytes } from '../base/bytes.js';
import { IqeError, messageOf, throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

/**
 * The bytes of a file on a server; nothing where there is none (status 404, or the page that some
 * servers send in place of what they do not have).
 *
 * @throws {IqeError} `download` for any other answer or none; `interrupted`.
 */
export async function fetchFile(
  url: URL,
  options: FetchOptions = {},
): Promise<Uint8Array | undefined> {
  const { signal, onProgress } = options;
  throwIfAborted(signal);
  try {
    const response = await fetch(url, signal ? { signal } : {});
    if (response.status === 404 || isPage(response)) return undefined;
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    return await received(response, (done, total) =>
      onProgress?.({ stage: `loading ${fileName(url)}`, done, total, unit: 'bytes' }),
    );
  } catch (cause) {
    throwIfAborted(signal);
    throw new IqeError('download', `${url} cannot be loaded: ${messageOf(cause)}.`, {
      hint: 'Check the address, and that its server lets this page read it (CORS).',
      cause,
    });
  }
}

/** {@link fetchFile} of a text. */
export async function fetchText(url: URL, options?: FetchOptions): Promise<string | undefined> {
  const bytes = await fetchFile(url, options);
  return bytes && new TextDecoder().decode(bytes);
}

/** The address of a folder: of a relative one within the page's or worker's own address. */
export function folderUrl(address: string | URL): URL {
  const url = new URL(address, globalThis.location?.href);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

async function received(
  { body, headers }: Response,
  report: (done: number, total: number | undefined) => void,
): Promise<Uint8Array> {
  // Of a compressed transfer the length tells nothing about the file's.
  const length = headers.has('content-encoding') ? null : headers.get('content-length');
  const total = length === null ? undefined : Number(length);
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const reader = body!.getReader(); ; ) {
    const { value } = await reader.read();
    if (!value) break;
    parts.push(value);
    done += value.length;
    report(done, total);
  }
  return joinBytes(parts);
}

function isPage({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/html') ?? false;
}

function fileName({ pathname }: URL): string {
  return pathname.slice(pathname.lastIndexOf('/') + 1);
}
