/** A metric over several runs that differ in their seed only. */
export interface SeedSummary {
  readonly mean: number;
  /** Sample standard deviation (over n − 1); null for a single run. */
  readonly deviation: number | null;
  /** Runs in which the metric was defined. */
  readonly runs: number;
}

/** Mean and deviation of the values that are not null; null where all are. */
export function meanAndDeviation(values: readonly (number | null)[]): SeedSummary | null {
  const defined = values.filter((value) => value !== null);
  if (defined.length === 0) return null;
  const mean = defined.reduce((sum, value) => sum + value, 0) / defined.length;
  const squares = defined.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    deviation: defined.length === 1 ? null : Math.sqrt(squares / (defined.length - 1)),
    runs: defined.length,
  };
}

/**
 * {@link meanAndDeviation} of every metric of several runs.
 *
 * @param runs Of each run its metrics by name (see `metricValues`).
 */
export function summariseSeeds(
  runs: readonly Readonly<Record<string, number | null>>[],
): Record<string, SeedSummary | null> {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  return Object.fromEntries(
    [...names].map((name) => [name, meanAndDeviation(runs.map((run) => run[name] ?? null))]),
  );
}
