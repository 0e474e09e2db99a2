/**
 * What kind of failure an {@link IqeError} is. The command line turns it into an exit status:
 * `usage` and `config` are 2, `unreadable` is 3, `interrupted` is 130, all others are 1.
 */
export type ErrorCode =
  | 'usage'
  | 'config'
  | 'unreadable'
  | 'shape'
  | 'checkpoint'
  | 'download'
  | 'data'
  | 'output'
  | 'runtime'
  | 'interrupted';

/**
 * An error that its reader can act on: the message says what was expected, what came and where,
 * `hint` says what to do about it.
 */
export class IqeError extends Error {
  override readonly name = 'IqeError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Throws when `signal` is aborted; to be called between the steps of anything long.
 *
 * @throws {IqeError} `interrupted`
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new IqeError('interrupted', 'Interrupted.', { cause: signal.reason });
  }
}
