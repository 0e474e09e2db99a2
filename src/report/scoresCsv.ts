import { type CsvCell, encodeCsv } from './csv.js';

/** An image with its scores and what is true of it. */
interface Row {
  readonly id: string;
  readonly label: 0 | 1;
  readonly score: number;
  readonly rawScore: number;
  readonly patient: number | null;
}

/**
 * The scores of an evaluation as CSV, an image a row, in the order in which they were measured.
 * Patients are numbers from 1: their names stay in the data set.
 *
 * @param threshold Images with score ≥ threshold count as abnormal; null for no decisions.
 */
export function scoresCsv(images: readonly Row[], threshold: number | null): string {
  const rows = images.map(({ id, label, score, rawScore, patient }): CsvCell[] => [
    id,
    label === 1 ? 'abnormal' : 'normal',
    score,
    rawScore,
    threshold === null ? null : score >= threshold ? 'abnormal' : 'normal',
    patient,
  ]);
  return encodeCsv([['image', 'label', 'score', 'raw_score', 'decision', 'patient'], ...rows]);
}
