/**
 * npm passes a Ctrl-C on to a command that the terminal has told already: what comes within these
 * seconds is the same key press.
 */
const samePress = 0.3;

export interface Interruption {
  readonly signal: AbortSignal;
  /** To be called for each Ctrl-C. */
  readonly stop: () => void;
}

/**
 * Aborts a signal on the first Ctrl-C, so that work can end cleanly; on a second one calls `end`.
 *
 * @param now Seconds since any moment.
 */
export function interruption(now: () => number, end: () => void): Interruption {
  const controller = new AbortController();
  let stoppedAt = 0;
  const stop = () => {
    if (!controller.signal.aborted) {
      stoppedAt = now();
      controller.abort();
    } else if (now() - stoppedAt > samePress) {
      end();
    }
  };
  return { signal: controller.signal, stop };
}
