import { type ErrorCode, IqeError, messageOf } from '../base/errors.js';

/** An image that was left out, and why. */
export interface FailedImage {
  readonly path: string;
  readonly code: ErrorCode;
  /** What is wrong with it and what to do about it. */
  readonly message: string;
}

/** What is said of an image that was left out because of `error`. */
export function failedImage(path: string, error: unknown): FailedImage {
  if (!(error instanceof IqeError)) return { path, code: 'runtime', message: messageOf(error) };
  const { code, message, hint } = error;
  return { path, code, message: hint === undefined ? message : `${message} ${hint}` };
}
