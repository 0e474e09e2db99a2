import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { evaluateImages } from '../metrics/evaluation.js';
import { evaluationResult, type MeasuredScores } from './evaluationResult.js';

/** 24 images in turn normal and abnormal, with scores that all saturate at 0 or 1. */
function measured(patientOf: (index: number) => number | null): MeasuredScores {
  const random = new Random(3, 'scores');
  const images = Array.from({ length: 24 }, (_, index) => {
    const label = (index % 2) as 0 | 1;
    const rawScore = random.normal() + label;
    return {
      id: `${index}`,
      label,
      score: rawScore > 0.5 ? 1 : 0,
      rawScore,
      patient: patientOf(index),
    };
  });
  const evaluation = evaluateImages(
    images.map(({ patient, ...image }) => ({
      ...image,
      patient: patient === null ? null : `${patient}`,
    })),
    { threshold: 1, random: new Random(0), replicates: 50 },
  );
  return { ...evaluation, images, seed: 0 };
}
const shown = (patientOf: (index: number) => number | null) =>
  evaluationResult(measured(patientOf), { method: 'm', set: 's', rule: 'largest F1' });

describe('evaluationResult', () => {
  it('draws the curves of raw scores, which do not tie', () => {
    const { roc, images } = shown(() => null);
    expect(new Set(images.map(({ score }) => score)).size).toBe(2);
    // Ties would be crossed by slanted lines, between the shares that 12 images can have.
    for (const y of roc!.y) expect(Math.abs(y * 12 - Math.round(y * 12))).toBeLessThan(1e-9);
  });

  it('leaves rates of independent images to Wilson, and takes those of patients from resamples', () => {
    expect(shown(() => null).threshold).toEqual({ value: 1, rule: 'largest F1' });
    expect(shown((index) => index).threshold).not.toHaveProperty('intervals');
    const few = measured((index) => index % 8);
    const { threshold } = shown((index) => index % 8);
    expect(threshold!.intervals).toEqual({
      sensitivity: few.intervals['decisions.sensitivity'],
      specificity: few.intervals['decisions.specificity'],
    });
  });

  it('has neither intervals nor bands of two patients', () => {
    const { roc, intervals, threshold } = shown((index) => index % 2);
    expect(roc!.low).toBeUndefined();
    expect(intervals).toEqual({});
    expect(threshold!.intervals).toBeNull();
  });
});
