import { describe, expect, it } from 'vitest';
import { type BenchFigures, benchCosts, describeBench, rounded } from './report.js';

const figures: BenchFigures = {
  cpu: 'A processor',
  threads: 2,
  peakGflops: 400,
  backbone: 'ViT-L/14 (random weights)',
  preset: 'official',
  imageSize: 240,
  hasInt8Products: true,
  towers: { fp32: 0.5, int8: 0.15 },
  predict: { fp32: 0.6, int8: 0.25 },
  trainStep: { batch: 16, seconds: 0.7 },
  fewShotRun: { shots: 4, epochs: 50, seconds: 320 },
  coldStartSeconds: 1.4,
  readWeightsSeconds: 0.4,
  peakRssMB: { predict: 2000, train: 2500 },
};

const value = (name: string, limits = true) =>
  benchCosts(figures, limits).find(({ figure }) => figure === name);

describe('benchCosts', () => {
  it('is time × rate beside the limits', () => {
    expect(value('predict, float32')).toMatchObject({ value: 240, unit: 'GFLOP', limit: 230 });
    expect(value('training step of 16')).toMatchObject({ value: 280, limit: 300 });
    expect(value('4-shot run')).toMatchObject({ value: 128_000, limit: 124_800 });
    expect(value('int8 tower over float32 tower')).toMatchObject({ value: 0.3, limit: 0.4 });
    expect(value('cold start over weights read + one image')).toMatchObject({ value: 1.4 });
    expect(value('memory, train')).toMatchObject({ value: 2500, unit: 'MB', limit: 4000 });
  });

  it('asks less of int8 where a sum takes several instructions', () => {
    const costs = benchCosts({ ...figures, hasInt8Products: false }, true);
    expect(costs.find(({ figure }) => figure.startsWith('int8'))).toMatchObject({ limit: 1 });
  });

  it('has no limits for another model or size', () => {
    expect(benchCosts(figures, false).every(({ limit }) => limit === null)).toBe(true);
  });
});

describe('describeBench', () => {
  it('says what was missed and nothing of what was not', () => {
    const lines = describeBench({ ...figures, costs: benchCosts(figures, true) }).split('\n');
    expect(lines[0]).toBe('ViT-L/14 (random weights) at 240 px, official preset');
    const missed = lines.filter((line) => line.endsWith('– missed'));
    expect(missed.map((line) => line.trim().split('  ')[0])).toEqual([
      'predict, float32',
      '4-shot run',
    ]);
  });

  it('has no limits where there are none', () => {
    expect(describeBench({ ...figures, costs: benchCosts(figures, false) })).not.toContain(
      'at most',
    );
  });
});

describe('rounded', () => {
  it('keeps four digits', () => {
    expect([123456, 0.00123456, 1.5].map(rounded)).toEqual([123500, 0.001235, 1.5]);
  });
});
