import { IqeError, throwIfAborted } from '../base/errors.js';
import type { Random } from '../base/random.js';

/** What is drawn, in one resample, as a whole: the images of one patient, or one image. */
export interface ResamplingUnits {
  /** For every image, the number of its unit. */
  readonly unitOf: Uint32Array;
  /** How many units there are. */
  readonly count: number;
  /** Units drawn from among themselves; every unit is in exactly one. */
  readonly strata: readonly (readonly number[])[];
  /** How many units have normal images, or abnormal ones: the fewer of the two, of those there are. */
  readonly scarcest: number;
}

/** Resampling two patients or fewer gives intervals of hardly any width, which say nothing. */
const FEWEST_UNITS = 3;

/** Whether each class that is there has enough units (three) for intervals to mean something. */
export function hasEnoughUnits({ scarcest }: Pick<ResamplingUnits, 'scarcest'>): boolean {
  return scarcest >= FEWEST_UNITS;
}

/** What {@link resamplingUnits} needs to know of an image. */
export interface ResampledImage {
  readonly abnormal: boolean;
  /** Who the image is of; images of nobody known are units of their own. */
  readonly patient?: string | undefined;
  /** Whether its mask has an anomalous pixel. */
  readonly anomalousPixels?: boolean;
}

/**
 * Groups images into patients, and patients into strata by what they contribute: normal images,
 * abnormal images, anomalous pixels, in any combination. Drawing as many units from each stratum
 * as it has keeps every class present in every resample, so that no metric becomes undefined.
 */
export function resamplingUnits(images: readonly ResampledImage[]): ResamplingUnits {
  const unitOf = new Uint32Array(images.length);
  const unitOfPatient = new Map<string, number>();
  const contents: number[] = [];
  for (const [i, { abnormal, patient, anomalousPixels }] of images.entries()) {
    const unit =
      (patient === undefined ? undefined : unitOfPatient.get(patient)) ?? contents.length;
    if (patient !== undefined) unitOfPatient.set(patient, unit);
    unitOf[i] = unit;
    const content = (abnormal ? 2 : 1) + (anomalousPixels ? 4 : 0);
    contents[unit] = (contents[unit] ?? 0) | content;
  }
  const strata = new Map<number, number[]>();
  for (const [unit, content] of contents.entries()) {
    const stratum = strata.get(content);
    if (stratum) stratum.push(unit);
    else strata.set(content, [unit]);
  }
  const having = [1, 2].map((one) => contents.filter((content) => content & one).length);
  return {
    unitOf,
    count: contents.length,
    strata: [...strata.values()],
    scarcest: Math.min(...having.filter((units) => units > 0)),
  };
}

/** How many resamples, from which generator. */
export interface BootstrapOptions {
  readonly random: Random;
  /** 1000 unless told. */
  readonly replicates?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resamples with replacement, stratum by stratum: for each, how often every unit was drawn
 * `[units]`. The array is filled anew each time.
 *
 * @throws {IqeError} `interrupted` by the signal, `usage` for fewer than one replicate.
 */
export function* resamples(
  units: ResamplingUnits,
  { random, replicates = 1000, signal }: BootstrapOptions,
): Generator<Float64Array> {
  if (!(Number.isInteger(replicates) && replicates >= 1)) {
    throw new IqeError('usage', `${replicates} bootstrap replicates were wanted, not 1 or more.`);
  }
  const weights = new Float64Array(units.count);
  for (let replicate = 0; replicate < replicates; replicate++) {
    throwIfAborted(signal);
    weights.fill(0);
    for (const stratum of units.strata) {
      for (let draw = 0; draw < stratum.length; draw++) {
        const unit = stratum[random.integer(stratum.length)] as number;
        weights[unit] = (weights[unit] as number) + 1;
      }
    }
    yield weights;
  }
}

/** A metric's interval: between its 2.5 % and 97.5 % quantiles over the resamples. */
export type Interval = [low: number, high: number];

/**
 * 95 % percentile intervals of several metrics from the same resamples.
 *
 * @param metrics The metrics of a resample, given how often every unit was drawn; null is
 *   undefined.
 * @returns An interval for every metric that was defined in some resample.
 */
export function bootstrapIntervals(
  units: ResamplingUnits,
  metrics: (weights: Float64Array) => Readonly<Record<string, number | null>>,
  options: BootstrapOptions,
): Record<string, Interval> {
  const values = new Map<string, number[]>();
  for (const weights of resamples(units, options)) {
    for (const [name, value] of Object.entries(metrics(weights))) {
      if (value === null) continue;
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  }
  return Object.fromEntries([...values].map(([name, list]) => [name, percentileInterval(list)]));
}

/** The 2.5 % and 97.5 % quantiles of `values` (at least one), linear between ranks. */
export function percentileInterval(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}

function quantile(sorted: Float64Array, share: number): number {
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] as number;
  const above = sorted[Math.ceil(rank)] as number;
  return below + (rank - Math.floor(rank)) * (above - below);
}

/** How often each image counts, from how often its unit was drawn. */
export function imageWeights(units: ResamplingUnits, unitWeights: Float64Array): Float64Array {
  return Float64Array.from(units.unitOf, (unit) => unitWeights[unit] as number);
}
