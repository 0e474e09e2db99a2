import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc, partialAuroc, partialAurocMcClish } from './auroc.js';
import { averagePrecision } from './averagePrecision.js';
import { f1Max } from './f1Max.js';
import { countThresholds, RankedScores } from './thresholdCounts.js';

fc.configureGlobal({ seed: 1 });

/** Few different scores, so that most sets have ties within and between the classes. */
const samples = fc.array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.boolean()), {
  minLength: 1,
  maxLength: 24,
});

const separate = (rows: readonly (readonly [number, boolean])[]) => ({
  scores: rows.map(([score]) => score / 8),
  labels: rows.map(([, label]) => label),
});

describe('auroc', () => {
  it('is the share of pairs in the right order, ties by half', () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const { scores, labels } = separate(rows);
        const abnormal = scores.filter((_, i) => labels[i]);
        const normal = scores.filter((_, i) => !labels[i]);
        let right = 0;
        for (const a of abnormal) for (const n of normal) right += a > n ? 1 : a === n ? 0.5 : 0;
        const value = auroc(countThresholds(scores, labels));
        if (abnormal.length * normal.length === 0) expect(value).toBeNull();
        else expect(value).toBeCloseTo(right / (abnormal.length * normal.length), 12);
      }),
    );
  });

  it('does not change under a rising transformation, and turns over with the sign', () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const { scores, labels } = separate(rows);
        const value = auroc(countThresholds(scores, labels));
        const risen = scores.map((score) => Math.exp(3 * score) - 7);
        expect(auroc(countThresholds(risen, labels))).toBe(value);
        const negated = scores.map((score) => -score);
        const turned = auroc(countThresholds(negated, labels));
        if (value !== null) expect(turned).toBeCloseTo(1 - value, 12);
      }),
    );
  });

  it('counts a sample of weight k as k samples, in every metric', () => {
    const weighted = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean(), fc.integer({ min: 0, max: 3 })),
      { minLength: 1, maxLength: 16 },
    );
    fc.assert(
      fc.property(weighted, (rows) => {
        const weights = rows.map(([, , weight]) => weight);
        const ranked = new RankedScores(
          rows.map(([score]) => score),
          rows.map(([, label]) => label),
        );
        const repeated = rows.flatMap((row) => new Array<typeof row>(row[2]).fill(row));
        const expected = countThresholds(
          repeated.map(([score]) => score),
          repeated.map(([, label]) => label),
        );
        const counts = ranked.counts(weights);
        expect(auroc(counts)).toBe(auroc(expected));
        expect(averagePrecision(counts)).toBe(averagePrecision(expected));
        expect(f1Max(counts)?.value).toBe(f1Max(expected)?.value);
      }),
    );
  });
});

describe('partialAuroc', () => {
  it('is the whole area at limit 1 and half the limit for scores that say nothing', () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const { scores, labels } = separate(rows);
        const counts = countThresholds(scores, labels);
        expect(partialAuroc(counts, 1)).toBe(auroc(counts));
        const nothing = countThresholds(new Float64Array(rows.length), labels);
        const chance = partialAuroc(nothing, 0.3);
        if (chance !== null) {
          expect(chance).toBeCloseTo(0.15, 12);
          expect(partialAurocMcClish(nothing, 0.3)).toBeCloseTo(0.5, 12);
        }
      }),
    );
  });

  it('agrees with a fine Riemann sum under the limit', () => {
    const scores = [9, 8, 8, 7, 6, 5, 5, 4, 3, 2, 1];
    const labels = [1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0];
    const counts = countThresholds(scores, labels);
    const steps = 200_000;
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const x = (0.37 * (step + 0.5)) / steps;
      const next = counts.falsePositives.findIndex((count) => count / 6 > x);
      const x0 = (counts.falsePositives[next - 1] ?? 0) / 6;
      const y0 = (counts.truePositives[next - 1] ?? 0) / 5;
      const x1 = (counts.falsePositives[next] as number) / 6;
      const y1 = (counts.truePositives[next] as number) / 5;
      sum += y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
    }
    expect(partialAuroc(counts, 0.37)).toBeCloseTo(sum / steps, 6);
  });

  it('refuses a limit that is no rate', () => {
    const counts = countThresholds([1, 2], [0, 1]);
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      expect(() => partialAuroc(counts, limit)).toThrow('not in (0, 1]');
    }
  });
});

describe('countThresholds', () => {
  it('says what is wrong with its input', () => {
    expect(() => countThresholds([1, 2], [1])).toThrow('2 scores came with 1 labels');
    expect(() => countThresholds([1, Number.NaN], [1, 0])).toThrow('score at 1 is NaN');
    expect(() => countThresholds([Number.POSITIVE_INFINITY], [1])).toThrow('Infinity');
  });

  it('takes 0 and −0 for one score', () => {
    expect(countThresholds([0, -0], [1, 0]).thresholds).toHaveLength(1);
  });
});
