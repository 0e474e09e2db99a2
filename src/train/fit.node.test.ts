import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallClip } from '../../test/support/smallClip.js';
import { writeSmallDataSet } from '../../test/support/smallDataSet.js';
import type { Progress } from '../base/progress.js';
import { readImage } from '../data/decode.node.js';
import { readDataSet } from '../data/layouts/read.node.js';
import { selectShots } from '../data/shots.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import { resolveRunConfig } from './config.js';
import { FeatureCache } from './featureCache.node.js';
import { type FeatureStore, MemoryFeatureStore } from './features.js';
import { type FitOptions, fitRun } from './fit.node.js';
import { openRun } from './runFolder.node.js';

let folder: string;
const at = (name: string) => join(folder, name);
const store = new MemoryFeatureStore();
const runtime = nodeRuntime({ threads: 1 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-fit-'));
  await writeSmallClip(at('clip'));
  await writeSmallDataSet(at('Spots_AD'), { perLabel: 4 });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function options(output: string, changes: object = {}): Promise<FitOptions> {
  const config = resolveRunConfig({
    backbone: at('clip'),
    ...changes,
    model: { imageSize: 48, queryModule: { blocks: 1, heads: 4 } },
    training: {
      epochs: 3,
      batchSize: 8,
      augmentations: ['identity', 'rotate+22.5', 'flip-left-right'],
    },
  });
  const dataSet = await readDataSet(at('Spots_AD'));
  const shots = selectShots(dataSet, 2, config.seed);
  return { config, dataSet, shots, output: at(output), store, runtime, version: '0.0.0' };
}

const weights = (output: string) => readFile(join(at(output), 'weights.safetensors'));

describe('fit', () => {
  it('learns, saves a run, and predicts from it', async () => {
    const stages = new Set<string>();
    const onProgress = ({ stage }: Progress) => void stages.add(stage);
    const run = await fitRun({ ...(await options('run')), onProgress });
    expect(run.finished).toBe(true);
    expect(run.history).toHaveLength(3);
    expect(run.history[2]).toBeLessThan(run.history[0]!);
    expect(run.data.shots.abnormal).toHaveLength(2);
    expect(run.decision!.chosenOn).toBe('validation images');
    expect([...stages]).toEqual(['features', 'training', 'threshold']);
    expect((await readdir(at('run'))).sort()).toEqual(['run.json', 'weights.safetensors']);

    const { detector } = await openRun(at('run'), runtime);
    const image = await readImage(join(at('Spots_AD'), 'test/Ungood/img/0.png'));
    const prediction = await detector.predict(image);
    expect(prediction.score).toBeGreaterThan(0);
    expect(prediction.score).toBeLessThan(1);
    expect(prediction.map).toMatchObject({ width: image.width, height: image.height });
    expect(prediction.map.data.every((value) => value >= 0 && value <= 1)).toBe(true);
    const again = await detector.predict(image);
    expect(again.rawScore).toBe(prediction.rawScore);
    await detector.dispose();
  });

  it('gives the same bytes for the same seed, others for another', async () => {
    await fitRun(await options('same'));
    expect(await weights('same')).toEqual(await weights('run'));
    await fitRun(await options('other', { seed: 1 }));
    expect(await weights('other')).not.toEqual(await weights('run'));
  });

  it.each([1, 3, 4])(
    'goes on after an interruption at step %i as if there had been none',
    async (step) => {
      const output = `interrupted${step}`;
      const controller = new AbortController();
      const onProgress = ({ stage, done }: Progress) => {
        if (stage === 'training' && done === step) controller.abort();
      };
      const first = fitRun({ ...(await options(output)), signal: controller.signal, onProgress });
      await expect(first).rejects.toMatchObject({ code: 'interrupted' });
      expect((await readdir(at(output))).sort()).toEqual(['checkpoint.safetensors', 'run.json']);
      await expect(openRun(at(output), runtime)).rejects.toThrow('not finished');

      const steps: number[] = [];
      const notes: string[] = [];
      await fitRun({
        ...(await options(output)),
        onProgress: ({ stage, done }) => void (stage === 'training' && steps.push(done)),
        onNote: (note) => notes.push(note),
      });
      expect(steps[0]).toBe(step + 1);
      expect(notes[0]).toContain('Going on');
      expect(await weights(output)).toEqual(await weights('run'));
    },
  );

  it('does nothing where the same run is finished, and refuses to replace another', async () => {
    const before = await weights('run');
    const notes: string[] = [];
    const again = await fitRun({ ...(await options('run')), onNote: (note) => notes.push(note) });
    expect(again.finished).toBe(true);
    expect(notes[0]).toContain('nothing to do');
    await expect(options('run', { seed: 5 }).then(fitRun)).rejects.toMatchObject({ code: 'usage' });
    expect(await weights('run')).toEqual(before);
    await fitRun({ ...(await options('same', { seed: 5 })), overwrite: true });
    expect(await weights('same')).not.toEqual(before);
  });

  it('names a damaged checkpoint, and weights of a backbone that changed', async () => {
    const controller = new AbortController();
    const onProgress = ({ stage }: Progress) => void (stage === 'training' && controller.abort());
    await expect(
      fitRun({ ...(await options('damaged')), signal: controller.signal, onProgress }),
    ).rejects.toThrow('Interrupted');
    await truncate(join(at('damaged'), 'checkpoint.safetensors'), 5000);
    await expect(options('damaged').then(fitRun)).rejects.toMatchObject({ code: 'checkpoint' });

    const json = JSON.parse(await readFile(join(at('run'), 'run.json'), 'utf8'));
    await writeFile(
      join(at('other'), 'run.json'),
      JSON.stringify({ ...json, backboneIdentity: 'x' }),
    );
    await expect(openRun(at('other'), runtime)).rejects.toThrow('other weights');
    await expect(openRun(at('clip'), runtime)).rejects.toThrow('no run.json');
  });

  it('trains on labels alone where there are no masks, with the official preset too', async () => {
    await writeSmallDataSet(at('Labels_AD'), { perLabel: 4, masks: false });
    const dataSet = await readDataSet(at('Labels_AD'));
    for (const preset of ['paper', 'official']) {
      const base = await options(`labels-${preset}`, { preset });
      const run = await fitRun({ ...base, dataSet, shots: selectShots(dataSet, 2, 0) });
      expect(run.data.masks).toBe(false);
      expect(run.history.every(Number.isFinite)).toBe(true);
      expect(run.decision!.mapThreshold).not.toBeNull();
    }
  });
});

describe('the feature cache', () => {
  it('computes features once, and again where an entry is damaged', async () => {
    const cache = new FeatureCache(at('cache'));
    const base = { ...(await options('cached')), store: cache };
    await fitRun(base);
    expect(await weights('cached')).toEqual(await weights('run'));
    const entries = (await readdir(at('cache'), { recursive: true })).filter((name) =>
      name.endsWith('.safetensors'),
    );
    expect(entries).toHaveLength(12);
    await truncate(join(at('cache'), entries[0]!), 100);
    let written = 0;
    const counting: FeatureStore = {
      get: (key) => cache.get(key),
      put: (key, features) => {
        written++;
        return cache.put(key, features);
      },
    };
    await fitRun({ ...base, store: counting, output: at('cached again') });
    expect(written).toBe(1);
    expect(await weights('cached again')).toEqual(await weights('run'));
  });

  it('serves two runs at once', async () => {
    const cache = new FeatureCache(at('shared cache'));
    const both = await Promise.all(
      ['left', 'right'].map(async (name) => fitRun({ ...(await options(name)), store: cache })),
    );
    expect(both.every(({ finished }) => finished)).toBe(true);
    expect(await weights('left')).toEqual(await weights('right'));
  });
});
