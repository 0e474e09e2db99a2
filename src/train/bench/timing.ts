/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('The median of no values was asked for.');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Wall-clock seconds that `act` takes. */
export async function secondsOf(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return (performance.now() - started) / 1000;
}

/**
 * Median seconds of `act`, after one run that does not count: it fills caches and allocates.
 *
 * @param runs How many runs count.
 */
export async function medianSeconds(act: () => Promise<unknown>, runs: number): Promise<number> {
  await act();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await secondsOf(act));
  return median(times);
}
