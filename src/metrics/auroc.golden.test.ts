import { expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { describeWith, goldenFolder, goldenJson } from '../../test/support/shared.js';
import { auroc, partialAuroc, partialAurocMcClish } from './auroc.js';
import { averagePrecision } from './averagePrecision.js';
import { delong } from './delong.js';
import { f1Max } from './f1Max.js';
import { fprAtTpr } from './operatingPoints.js';
import { countThresholds } from './thresholdCounts.js';

interface Case {
  kind: string;
  scores: number[];
  labels: number[];
  auroc: number | null;
  ap: number | null;
  f1_max: number | null;
  f1_threshold_lowest: number | null;
  f1_threshold_highest: number | null;
  pauroc_03: number | null;
  pauroc_03_mcclish: number | null;
  fpr_at_95_tpr: number | null;
  delong_variance: number | null;
  delong_ci95: [number, number] | null;
}

const file = 'metrics.json';

describeWith(`${goldenFolder}/${file}`, 'image metrics as recorded', () => {
  it('agrees in every case to 1e-9', () => {
    const { cases } = goldenJson<{ cases: Case[] }>(file);
    expect(cases.length).toBeGreaterThan(0);
    for (const [index, recorded] of cases.entries()) {
      const counts = countThresholds(recorded.scores, recorded.labels);
      const best = f1Max(counts);
      const precise = delong(recorded.scores, recorded.labels);
      const pairs: Record<string, [number | null, number | null]> = {
        auroc: [auroc(counts), recorded.auroc],
        ap: [averagePrecision(counts), recorded.ap],
        f1: [best?.value ?? null, recorded.f1_max],
        lowest: [best?.lowestThreshold ?? null, recorded.f1_threshold_lowest],
        highest: [best?.highestThreshold ?? null, recorded.f1_threshold_highest],
        pauroc: [partialAuroc(counts, 0.3), recorded.pauroc_03],
        mcclish: [partialAurocMcClish(counts, 0.3), recorded.pauroc_03_mcclish],
        fprAt95: [fprAtTpr(counts, 0.95), recorded.fpr_at_95_tpr],
        variance: [precise?.variance ?? null, recorded.delong_variance],
        low: [precise?.interval[0] ?? null, recorded.delong_ci95?.[0] ?? null],
        high: [precise?.interval[1] ?? null, recorded.delong_ci95?.[1] ?? null],
      };
      for (const [name, [actual, expected]] of Object.entries(pairs)) {
        const label = `case ${index} (${recorded.kind}) ${name}`;
        expect(actual === null, `${label}: ${actual} for ${expected}`).toBe(expected === null);
        if (actual !== null && expected !== null) expectWithin([actual], [expected], 1e-9, label);
      }
    }
  });
});
