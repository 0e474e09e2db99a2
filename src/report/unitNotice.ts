import type { Evaluation } from '../metrics/evaluation.js';
import { counted } from './numbers.js';

/** Resampling fewer tells little of what others would give. */
const fewPatients = 10;

/** What a reader must know of the intervals of images of few patients; null where there is nothing. */
export function unitNotice({ n, resampled }: Pick<Evaluation, 'n' | 'resampled'>): string | null {
  const { patients } = n;
  const images =
    patients === null ? '' : `The test images are of ${counted(patients, 'patient')}: `;
  if (resampled === null) {
    const units = patients === null ? 'images' : 'patients';
    return sentence(`${images}no intervals, as a class has fewer than three ${units}.`);
  }
  if (patients === null || patients >= fewPatients) return null;
  return `${images}intervals from so few say little of other patients.`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
