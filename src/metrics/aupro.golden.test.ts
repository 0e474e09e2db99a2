import { expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { type RecordedTensor, recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder, goldenJson } from '../../test/support/shared.js';
import { aupro, countPixels } from './aupro.js';
import { auroc } from './auroc.js';
import { averagePrecision } from './averagePrecision.js';
import { confusionAt, iouOfDice } from './confusion.js';
import { f1Max } from './f1Max.js';
import type { ScoredMap } from './pixelClasses.js';

interface Overlap {
  regions: number;
  'aupro_0.3': number | null;
  'aupro_0.05': number | null;
  curve: [threshold: number, fpr: number, pro: number][] | null;
}

interface Case {
  case: number;
  kind: string;
  connect8: Overlap;
  connect4: Overlap;
  dice_max: number | null;
  dice_threshold_lowest: number | null;
  dice_threshold_highest: number | null;
  iou_at_dice_max: number | null;
  pixel_auroc: number | null;
  pixel_ap: number | null;
}

describeWith(`${goldenFolder}/aupro.json`, 'pixel metrics as recorded', () => {
  const { cases } = goldenJson<{ cases: Case[] }>('aupro.json');
  const tensors = recordedTensors('aupro.safetensors');

  it.each(cases)('agrees in case $case ($kind) to 1e-9', (recorded) => {
    const maps = scoredMaps(recorded.case);
    for (const connectivity of [8, 4] as const) {
      const counts = countPixels(maps, connectivity);
      const expected = recorded[`connect${connectivity}`];
      expect(counts.regions).toBe(expected.regions);
      expectSame(aupro(counts, 0.3), expected['aupro_0.3'], 'AUPRO at 0.3');
      expectSame(aupro(counts, 0.05), expected['aupro_0.05'], 'AUPRO at 0.05');
      for (const [threshold, fpr, pro] of expected.curve ?? []) {
        const { falsePositives } = confusionAt(counts, threshold);
        const at = counts.thresholds.indexOf(threshold);
        expectSame(falsePositives / counts.negatives, fpr, `FPR at ${threshold}`);
        expectSame((counts.coverage[at] as number) / counts.regions, pro, `PRO at ${threshold}`);
      }
    }
    const counts = countPixels(maps);
    const best = f1Max(counts);
    expectSame(best?.value ?? null, recorded.dice_max, 'Dice');
    expectSame(best?.lowestThreshold ?? null, recorded.dice_threshold_lowest, 'lowest');
    expectSame(best?.highestThreshold ?? null, recorded.dice_threshold_highest, 'highest');
    expectSame(best && iouOfDice(best.value), recorded.iou_at_dice_max, 'IoU');
    expectSame(auroc(counts), recorded.pixel_auroc, 'AUROC');
    expectSame(averagePrecision(counts), recorded.pixel_ap, 'AP');
  });

  function scoredMaps(index: number): ScoredMap[] {
    const maps = tensors[`${index}.maps`] as RecordedTensor;
    const masks = tensors[`${index}.masks`] as RecordedTensor;
    const [count, height, width] = maps.shape as [number, number, number];
    const size = width * height;
    return Array.from({ length: count }, (_, i) => ({
      map: { width, height, data: (maps.data as Float32Array).subarray(i * size, (i + 1) * size) },
      mask: { width, height, data: (masks.data as Uint8Array).subarray(i * size, (i + 1) * size) },
    }));
  }
});

function expectSame(actual: number | null, expected: number | null, label: string): void {
  expect(actual === null, `${label}: ${actual} for ${expected}`).toBe(expected === null);
  if (actual !== null && expected !== null) expectWithin([actual], [expected], 1e-9, label);
}
