import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { EmbeddingPlot } from './embeddingPlot.js';

/** Pairs of unit vectors around two directions, one for each label; `spread` blurs them. */
function plotOf(count: number, spread: number, seed = 0): EmbeddingPlot {
  const plot = new EmbeddingPlot(seed);
  const random = new Random(1, 'embeddings');
  for (let index = 0; index < count; index++) {
    const label = index % 2 ? 'abnormal' : 'normal';
    const values = Float32Array.from(
      { length: 32 },
      (_, axis) => Number(axis === (index % 2) * 7) + spread * random.normal(),
    );
    plot.add({ label, embeddings: { text: new Float32Array(32).fill(0.1), query: values } });
  }
  return plot;
}

describe('EmbeddingPlot', () => {
  it('keeps apart what is apart', async () => {
    const [figure] = await plotOf(40, 0.02).figures();
    expect(figure!.panels.map(({ name }) => name)).toEqual([
      'Text embeddings F^T',
      'Query embeddings F^Q',
    ]);
    const { points } = figure!.panels[1]!;
    expect(points).toHaveLength(40);
    // Every point is nearer to its own label's middle than to the other's.
    const middle = (label: string) => {
      const own = points.filter((point) => point.label === label);
      const mean = (axis: 'x' | 'y') => own.reduce((sum, p) => sum + p[axis], 0) / own.length;
      return { x: mean('x'), y: mean('y') };
    };
    const middles = { normal: middle('normal'), abnormal: middle('abnormal') };
    for (const { x, y, label } of points) {
      const away = (to: 'normal' | 'abnormal') => Math.hypot(x - middles[to].x, y - middles[to].y);
      expect(away(label)).toBeLessThan(away(label === 'normal' ? 'abnormal' : 'normal'));
    }
  });

  it('is the same for the same seed', async () => {
    const figures = await plotOf(12, 0.3).figures();
    expect(await plotOf(12, 0.3).figures()).toEqual(figures);
    expect(await plotOf(12, 0.3, 1).figures()).not.toEqual(figures);
  });

  it('takes a sample of many images, of both labels', async () => {
    const controller = new AbortController();
    const plot = plotOf(1200, 0.3);
    let total = 0;
    const onProgress = ({ done }: { done: number }) => {
      total = done;
      controller.abort();
    };
    await expect(plot.figures({ signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(total).toBe(25);
  });

  it('draws nothing of a few images, or of none', async () => {
    expect(await plotOf(7, 0.1).figures()).toEqual([]);
    expect(await new EmbeddingPlot(0).figures()).toEqual([]);
  });
});
