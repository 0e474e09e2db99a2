import { describe, expect, it } from 'vitest';
import { describeSweep, type SweepReport } from './sweep.js';

const report: SweepReport = {
  cpu: 'A processor',
  threads: 2,
  peakGflops: 100,
  backbone: 'ViT-L/14 (random weights)',
  preset: 'official',
  epochs: 50,
  views: 11,
  startSeconds: { fp32: 3, int8: 2 },
  predict: { fp32: 0.5, int8: 0.25 },
  towers: [
    { imageSize: 240, batchSize: 1, fp32: 0.5, int8: 0.2, peakMB: 1400 },
    { imageSize: 336, batchSize: 1, fp32: 1, int8: 0.4, peakMB: 1500 },
  ],
  steps: [
    { imageSize: 240, batchSize: 8, seconds: 0.5, peakMB: 1000 },
    { imageSize: 240, batchSize: 16, seconds: 0.8, peakMB: 2000.4 },
  ],
};

describe('describeSweep', () => {
  const text = describeSweep(report);

  it('has a row for each setting', () => {
    expect(text).toContain('| 336 | 1 | 1 | 0.4 | 100 | 40 | 1500 |');
    expect(text).toContain('| 240 | 16 | 0.8 | 0.05 | 80 | 2000 |');
  });

  it('scales to folders and runs', () => {
    expect(text).toContain('| 1 | 3 | 2 |');
    expect(text).toContain('| 100 | 52.5 | 26.75 |');
    // 88 views: 44 s of features, 50 · 5.5 steps of 16.
    expect(text).toContain('| 4 | 88 | 300 | 44 | 220 | 26400 |');
  });

  it('is Markdown', () => {
    const tables = text.split('\n\n').filter((block) => block.startsWith('|'));
    expect(tables).toHaveLength(4);
    for (const table of tables) {
      const columns = table.split('\n').map((line) => line.split('|').length);
      expect(new Set(columns).size).toBe(1);
    }
  });
});
