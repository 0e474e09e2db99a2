import type { Estimate, Interval } from './types.js';

/** What stands where there is no number. */
export const noNumber = '–';

/** A score or threshold: three decimals; below 0.1 two significant digits, so that it is not 0. */
export function formatScore(value: number): string {
  return value !== 0 && Math.abs(value) < 0.1 ? value.toPrecision(2) : value.toFixed(3);
}

/** A metric of 0…1 in per cent, without the sign. */
export function formatPercent(value: number, decimals: number): string {
  return (100 * value).toFixed(decimals);
}

/**
 * As many decimals as are worth reading: two where the interval (or two deviations) is narrower
 * than one percentage point, else one.
 */
export function decimalsOf({ interval, deviation }: Estimate): number {
  const width = interval ? interval[1] - interval[0] : deviation ? 2 * deviation : 1;
  return width < 0.01 ? 2 : 1;
}

/** `93.4 (89.1–96.8)`, `93.4 ± 1.2`, or `93.4` alone, in per cent. */
export function formatEstimate(estimate: Estimate, decimals = decimalsOf(estimate)): string {
  const spread = formatSpread(estimate, decimals);
  return formatPercent(estimate.value, decimals) + (spread && ` ${spread}`);
}

/** How sure an estimate is: `(89.1–96.8)`, `± 1.2`, or nothing, in per cent. */
export function formatSpread({ interval, deviation }: Estimate, decimals: number): string {
  if (interval) return `(${formatInterval(interval, decimals)})`;
  if (deviation !== null && deviation !== undefined)
    return `± ${formatPercent(deviation, decimals)}`;
  return '';
}

/** `89.1–96.8`, in per cent. */
export function formatInterval([low, high]: Interval, decimals: number): string {
  return `${formatPercent(low, decimals)}–${formatPercent(high, decimals)}`;
}

/** A count with its noun: `1 image`, `12 images`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const metricNames: Readonly<Record<string, string>> = {
  'image.auroc': 'Image AUROC',
  'image.ap': 'Image AP',
  'image.f1Max': 'Image F1-max',
  'image.sensitivityAt95Specificity': 'Sensitivity at 95 % specificity',
  'image.specificityAt95Sensitivity': 'Specificity at 95 % sensitivity',
  'pixel.auroc': 'Pixel AUROC',
  'pixel.ap': 'Pixel AP',
  'pixel.aupro': 'Pixel AUPRO',
  'pixel.f1Max': 'Pixel F1-max',
  'pixel.dice': 'Dice at the threshold',
  'pixel.iou': 'IoU at the threshold',
};

/** The name of a metric for readers; an unknown key stands for itself. */
export function metricName(key: string): string {
  return metricNames[key] ?? key;
}
