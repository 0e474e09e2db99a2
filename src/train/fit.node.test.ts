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

  it('keeps a finished run until the one that replaces it is finished', async () => {
    await fitRun(await options('kept'));
    const before = await weights('kept');
    const overwriting = async () => ({ ...(await options('kept', { seed: 7 })), overwrite: true });
    const controller = new AbortController();
    const onProgress = ({ stage }: Progress) => void (stage === 'training' && controller.abort());
    await expect(
      fitRun({ ...(await overwriting()), signal: controller.signal, onProgress }),
    ).rejects.toThrow('Interrupted');
    expect(await weights('kept')).toEqual(before);
    const { detector, run } = await openRun(at('kept'), runtime);
    expect(run.config.seed).toBe(0);
    await detector.dispose();

    const notes: string[] = [];
    await fitRun({ ...(await overwriting()), onNote: (note) => notes.push(note) });
    expect(notes).toEqual([`Going on with the run in ${at('kept')}.`]);
    expect((await readdir(at('kept'))).sort()).toEqual(['run.json', 'weights.safetensors']);
    await fitRun(await options('fresh', { seed: 7 }));
    expect(await weights('kept')).toEqual(await weights('fresh'));
    expect(await readFile(join(at('kept'), 'run.json'))).toEqual(
      await readFile(join(at('fresh'), 'run.json')),
    );
  });

  it('replaces what was begun and learned nothing, but no training state', async () => {
    const stopped = async (seed: number, at: Progress['stage']) => {
      const controller = new AbortController();
      const onProgress = ({ stage }: Progress) => void (stage === at && controller.abort());
      const base = await options('begun', { seed });
      await fitRun({ ...base, signal: controller.signal, onProgress });
    };
    await expect(stopped(8, 'features')).rejects.toThrow('Interrupted');
    await expect(stopped(9, 'training')).rejects.toThrow('Interrupted');
    await expect(stopped(8, 'training')).rejects.toMatchObject({
      hint: expect.stringContaining('--overwrite'),
    });
  });

  it('chooses the threshold without images that cannot be read', async () => {
    await writeSmallDataSet(at('Damaged_AD'), { perLabel: 4 });
    const dataSet = await readDataSet(at('Damaged_AD'));
    const shots = selectShots(dataSet, 2, 0);
    const support = [...shots.normal, ...shots.abnormal];
    const other = dataSet.samples.find(
      (sample) => sample.split === 'valid' && sample.label === 0 && !support.includes(sample),
    )!;
    await truncate(other.imagePath, 1000);
    const failures: unknown[] = [];
    const run = await fitRun({
      ...(await options('without')),
      dataSet,
      shots,
      onFailure: (failure) => failures.push(failure),
    });
    const message = expect.stringContaining('damaged or cut short');
    expect(failures).toEqual([{ path: other.imagePath, code: 'unreadable', message }]);
    expect(run.decision!.calibration).toMatchObject({ samples: { normal: 1, abnormal: 2 } });
  });

  it('names a damaged checkpoint, and weights of a backbone that changed', async () => {
    const controller = new AbortController();
    const onProgress = ({ stage }: Progress) => void (stage === 'training' && controller.abort());
    await expect(
      fitRun({ ...(await options('damaged')), signal: controller.signal, onProgress }),
    ).rejects.toThrow('Interrupted');
    await truncate(join(at('damaged'), 'checkpoint.safetensors'), 5000);
    await expect(options('damaged').then(fitRun)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(join(at('damaged'), 'checkpoint.safetensors')),
      hint: expect.stringContaining('Remove it'),
    });

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
