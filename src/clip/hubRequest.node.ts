import { IqeError, messageOf, throwIfAborted } from '../base/errors.js';

/** A failure that may be gone at the next try: a cut connection, a busy server. */
export class TemporaryFailure extends Error {}

/** The hub's answer to a request for (the rest of) a file. */
export interface HubAnswer {
  /** The hub has no such file; `body` is null. */
  readonly isMissing: boolean;
  /** What the hub says about a missing file, where it says something. */
  readonly reason: string | undefined;
  /** The position in the file at which `body` begins; of an unsatisfiable range the file's size. */
  readonly offset: number;
  readonly body: ReadableStream<Uint8Array> | null;
  /** Bytes of the whole file, where the hub says so. */
  readonly size: number | undefined;
  /** Another version of the file has another tag; undefined where the hub sends none. */
  readonly tag: string | undefined;
  /** SHA-256 of the whole file in hexadecimal, where the hub says so. */
  readonly sha256: string | undefined;
}

/**
 * Asks for the file at `url` from byte `offset` on. Redirects are followed by hand, since a hub
 * tells the checksum of a large file (`X-Linked-ETag`) on the way to the storage that sends it,
 * whose own `ETag` means something else.
 *
 * @throws {IqeError} `download` when the server refuses, `interrupted`.
 * @throws {TemporaryFailure}
 */
export async function requestFile(
  url: string,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<HubAnswer> {
  const headers: Record<string, string> = { 'Accept-Encoding': 'identity' };
  if (offset > 0) headers.Range = `bytes=${offset}-`;
  const hub = new URL(url).origin;
  let at = new URL(url);
  let linkedTag: string | undefined;
  let linkedSize: number | undefined;
  let hubTag: string | undefined;
  for (let redirects = 0; redirects <= 10; redirects++) {
    const response = await ask(at, headers, signal);
    linkedTag ??= response.headers.get('x-linked-etag') ?? undefined;
    linkedSize ??= numberIn(response.headers.get('x-linked-size'));
    if (at.origin === hub) hubTag = response.headers.get('etag') ?? hubTag;
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      at = new URL(location, at);
      continue;
    }
    const tag = unquoted(linkedTag ?? hubTag);
    return {
      ...(await contentOf(response, url)),
      tag,
      sha256: tag !== undefined && /^[0-9a-f]{64}$/i.test(tag) ? tag.toLowerCase() : undefined,
      ...(linkedSize !== undefined && { size: linkedSize }),
    };
  }
  throw new IqeError('download', `${url} redirects more than 10 times.`);
}

async function ask(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  throwIfAborted(signal);
  try {
    return await fetch(url, { headers, redirect: 'manual', signal: signal ?? null });
  } catch (error) {
    throwIfAborted(signal);
    throw new TemporaryFailure(`Cannot reach ${url.origin}: ${networkMessage(error)}`, {
      cause: error,
    });
  }
}

/** What is behind an error of `fetch`, whose own message is only "fetch failed" or "terminated". */
export function networkMessage(error: unknown): string {
  return messageOf(error instanceof Error ? (error.cause ?? error) : error);
}

type Content = Pick<HubAnswer, 'isMissing' | 'reason' | 'offset' | 'body' | 'size'>;

async function contentOf(response: Response, url: string): Promise<Content> {
  const { status, headers, body } = response;
  const found = { isMissing: false, reason: undefined };
  if (status === 200 && !headers.get('content-type')?.startsWith('text/html')) {
    return { ...found, offset: 0, body, size: numberIn(headers.get('content-length')) };
  }
  if (status === 206) {
    const [, first, size] =
      /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
    if (first !== undefined) return { ...found, offset: Number(first), body, size: numberIn(size) };
  }
  await body?.cancel();
  if (status === 416) {
    const size = numberIn(/\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]);
    return { ...found, offset: size ?? Number.NaN, body: null, size };
  }
  const reason = headers.get('x-error-message') ?? undefined;
  if (status === 404) return { isMissing: true, reason, offset: 0, body: null, size: undefined };
  throw refusal(response, url, reason);
}

function refusal(response: Response, url: string, reason: string | undefined): Error {
  const { status } = response;
  const answer = `${url}: the server answers ${status}${reason === undefined ? '' : ` (${reason})`}`;
  if (status === 408 || status === 429 || status >= 500) return new TemporaryFailure(`${answer}.`);
  if (status === 401 || status === 403) {
    return new IqeError('download', `${answer}: there is no public checkpoint of that name.`, {
      hint:
        'Check the spelling, capitals count; for a folder of your own, check its path. Download the ' +
        'files of a private or gated checkpoint with your account and give their folder instead.',
    });
  }
  const kind = response.headers.get('content-type') ?? 'no type';
  return new IqeError('download', `${answer}, ${kind}, where the file was expected.`, {
    hint: 'Check the address of the mirror, and that no sign-in page of the network is in between.',
  });
}

function numberIn(text: string | null | undefined): number | undefined {
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** An entity tag without its quotes and its mark of weakness. */
function unquoted(tag: string | undefined): string | undefined {
  return tag?.replace(/^W\//, '').replace(/^"(.*)"$/, '$1');
}
