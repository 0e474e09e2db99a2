import { joinFloats } from '../../base/bytes.js';
import { squareMap } from '../../base/image.js';
import type { Random } from '../../base/random.js';
import { resizeMap } from '../../base/resizeMap.js';
import { type Evaluation, EvaluationAccumulator } from '../../metrics/evaluation.js';
import { meanAndDeviation } from '../../metrics/seeds.js';
import { fitRidge, predictRidge, type RidgeModel } from './ridge.js';

/** A labelled image as a linear probe sees it. */
export interface ProbedImage {
  readonly label: 0 | 1;
  readonly patient: string | null;
  /** Features of the whole image [d]. */
  readonly vector: Float32Array;
  /** Features of its patches and what is true of them; nothing in sets without masks. */
  readonly patches?: ProbedPatches | undefined;
}

export interface ProbedPatches {
  /** [G², e] */
  readonly features: Float32Array;
  /** The share of each patch that is abnormal [G²]. */
  readonly coverage: Float32Array;
  /** [S, S], 1 where abnormal. */
  readonly mask: Float32Array;
}

/** AUROCs, 0…1; `pixel` is null in sets without masks. */
export interface ProbeAurocs {
  readonly image: number;
  readonly pixel: number | null;
}

/** Ridge's λ for whole images: a tenth of the variance of their (standardised) features, d. */
const imageShrinkage = 0.1;
/** The same for patches, of which there are thousands. */
const patchShrinkage = 1e-3;
/** A patch counts as abnormal from this share on; as normal, without any; else it is left out. */
const abnormalFrom = 0.5;

/** Two linear probes: ridge regression to the label, of whole images and of patches. */
interface Probe {
  readonly image: RidgeModel;
  readonly patch: RidgeModel | undefined;
}

function fitProbe(images: readonly ProbedImage[]): Probe {
  const labels = images.map(({ label }) => label);
  const weights = balanced(labels);
  const width = images[0]!.vector.length;
  const vectors = joinFloats(images.map(({ vector }) => vector));
  const image = fitRidge(vectors, labels, weights, imageShrinkage * width);
  const patches = images.flatMap((one) => one.patches ?? []);
  if (patches.length < images.length) return { image, patch: undefined };
  const rows = patches.flatMap(({ features, coverage }) => {
    const e = features.length / coverage.length;
    return Array.from(coverage, (share, row) => ({
      share,
      features: features.subarray(row * e, (row + 1) * e),
    }));
  });
  const known = rows.filter(({ share }) => share === 0 || share >= abnormalFrom);
  const truth = known.map(({ share }): 0 | 1 => (share > 0 ? 1 : 0));
  const penalty = patchShrinkage * known[0]!.features.length;
  const features = joinFloats(known.map((row) => row.features));
  return { image, patch: fitRidge(features, truth, balanced(truth), penalty) };
}

/** Both labels weigh the same in all. */
function balanced(labels: readonly (0 | 1)[]): number[] {
  const abnormal = labels.reduce<number>((sum, label) => sum + label, 0);
  return labels.map((label) => 1 / (label === 1 ? abnormal : labels.length - abnormal));
}

interface Measured {
  readonly scores: readonly number[];
  readonly evaluation: Evaluation;
}

/** @param random For intervals; without, there are none. */
function measure(
  { image, patch }: Probe,
  images: readonly ProbedImage[],
  random?: Random,
): Measured {
  const accumulator = new EvaluationAccumulator({ pixelIntervals: random !== undefined });
  const scores = images.map(({ vector }) => predictRidge(vector, image)[0]!);
  for (const [index, { label, patient, patches }] of images.entries()) {
    const seen = patch && patches ? patches : null;
    const map = seen && pixelMap(predictRidge(seen.features, patch!), seen.mask.length);
    const mask = seen && squareMap(seen.mask);
    accumulator.add({ score: scores[index]!, label, patient, map, mask });
  }
  return { scores, evaluation: accumulator.result(random ? { random } : {}) };
}

function pixelMap(patchScores: Float64Array, pixels: number) {
  const size = Math.sqrt(pixels);
  return resizeMap(squareMap(Float32Array.from(patchScores)), size, size);
}

function aurocsOf({ evaluation }: Measured): ProbeAurocs {
  return { image: evaluation.image.auroc!, pixel: evaluation.pixel?.auroc ?? null };
}

/** What a probe fitted to some images measures on others. */
export interface ProbeMeasurement extends ProbeAurocs {
  /** 95 %, by bootstrap, over patients where they are known; null where these are too few. */
  readonly intervals: {
    readonly image: readonly number[] | null;
    readonly pixel: readonly number[] | null;
  };
  /** Of the tested images, in their order. */
  readonly scores: readonly number[];
}

/** Fits linear probes to all of `fitted` and measures them on `tested`. */
export function measureProbe(
  fitted: readonly ProbedImage[],
  tested: readonly ProbedImage[],
  random: Random,
): ProbeMeasurement {
  const measured = measure(fitProbe(fitted), tested, random);
  const { intervals } = measured.evaluation;
  return {
    ...aurocsOf(measured),
    intervals: { image: intervals['image.auroc'] ?? null, pixel: intervals['pixel.auroc'] ?? null },
    scores: measured.scores,
  };
}

/** Stratified cross-validation: the mean over `folds` parts of what the rest tells of each. */
export function crossValidateProbe(
  images: readonly ProbedImage[],
  folds: number,
  random: Random,
): ProbeAurocs {
  const parts: ProbedImage[][] = Array.from({ length: folds }, () => []);
  for (const label of [0, 1]) {
    const own = random.shuffle(images.filter((image) => image.label === label));
    for (const [index, image] of own.entries()) parts[index % folds]!.push(image);
  }
  return meanOf(
    parts.map((part) => {
      const rest = parts.filter((other) => other !== part).flat();
      return aurocsOf(measure(fitProbe(rest), part));
    }),
  );
}

/** The mean over `draws` draws of `shots` normal and as many abnormal images to fit to. */
export function fewShotProbe(
  images: readonly ProbedImage[],
  tested: readonly ProbedImage[],
  { shots, draws }: { readonly shots: number; readonly draws: number },
  random: Random,
): ProbeAurocs & { readonly deviation: ProbeAurocs } {
  const drawn = Array.from({ length: draws }, () => {
    const chosen = [0, 1].flatMap((label) =>
      random.shuffle(images.filter((image) => image.label === label)).slice(0, shots),
    );
    return aurocsOf(measure(fitProbe(chosen), tested));
  });
  return { ...meanOf(drawn), deviation: deviationOf(drawn) };
}

function meanOf(measured: readonly ProbeAurocs[]): ProbeAurocs {
  return {
    image: mean(measured.map(({ image }) => image)),
    pixel: overPixels(measured, mean),
  };
}

function deviationOf(measured: readonly ProbeAurocs[]): ProbeAurocs {
  return {
    image: deviation(measured.map(({ image }) => image)),
    pixel: overPixels(measured, deviation),
  };
}

function overPixels(
  measured: readonly ProbeAurocs[],
  statistic: (values: readonly number[]) => number,
): number | null {
  const values = measured.flatMap(({ pixel }) => (pixel === null ? [] : [pixel]));
  return values.length === 0 ? null : statistic(values);
}

function mean(values: readonly number[]): number {
  return meanAndDeviation(values)?.mean ?? Number.NaN;
}

function deviation(values: readonly number[]): number {
  return meanAndDeviation(values)?.deviation ?? Number.NaN;
}
