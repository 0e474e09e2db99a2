import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
import { entryOf, type MethodName, methodNames } from '../methods/registry.js';
import { isTrained, resolveRunConfig } from './config.js';
import { evaluate, evaluationSamples } from './evaluate.node.js';
import { MemoryFeatureStore } from './features.js';
import { type FitOptions, fitRun } from './fit.node.js';
import { needsAbnormal, takesNormalAlone } from './needs.js';
import { openRun } from './runFolder.node.js';
import { openUntrained } from './untrained.node.js';

let folder: string;
const at = (name: string) => join(folder, name);
const store = new MemoryFeatureStore();
const runtime = nodeRuntime({ threads: 1 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-methods-'));
  await writeSmallClip(at('clip'), {}, { contextLength: 77 });
  await writeSmallDataSet(at('Spots_AD'), { perLabel: 3 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What is too large for a small CLIP. */
const smaller: Partial<Record<MethodName, object>> = {
  'iqe-clip': { queryModule: { blocks: 1, heads: 4 } },
  adaclip: { depth: 2, clusters: 3 },
  mediclip: { contextTokens: 2 },
  'vcp-clip': { heads: 4 },
  // Grids that can be halved.
  rd4ad: { imageSize: 64 },
  mkd: { imageSize: 64 },
  cflow: { couplingBlocks: 2, positionWidth: 16 },
  bgad: { couplingBlocks: 2, positionWidth: 16 },
};

async function options(method: MethodName, output: string): Promise<FitOptions> {
  const config = resolveRunConfig({
    method,
    backbone: at('clip'),
    model: { imageSize: 32, ...smaller[method] },
    training: { epochs: 2, batchSize: 3, augmentations: ['identity'] },
  });
  const dataSet = await readDataSet(at('Spots_AD'));
  const abnormal = needsAbnormal(entryOf(method).needs);
  const shots = selectShots(dataSet, 2, config.seed, { abnormal });
  return { config, dataSet, shots, output: at(output), store, runtime, version: '0.0.0' };
}

const weights = (output: string) => readFile(join(at(output), 'weights.safetensors'));

/** Scores and maps of the test images by a saved run. */
async function predicted(output: string) {
  const { detector, run } = await openRun(at(output), runtime, { images: 2 });
  try {
    const results = [];
    for (const name of ['good/img/0.png', 'Ungood/img/0.png']) {
      const image = await readImage(join(at('Spots_AD'), 'test', name));
      results.push(await detector.predict(image));
    }
    const dataSet = await readDataSet(at('Spots_AD'));
    const samples = evaluationSamples(dataSet, 'test', run.data);
    const evaluation = await evaluate(detector, dataSet, samples, { seed: 0 });
    return { results, evaluation };
  } finally {
    await detector.dispose();
  }
}

describe('a run that was saved and loaded', () => {
  it.each(methodNames)('says the same again: %s', async (method) => {
    const run = await fitRun(await options(method, method));
    expect(run).toMatchObject({ finished: true, decision: { chosenOn: 'validation images' } });
    expect(run.history).toHaveLength(isTrained(method) ? 2 : 0);
    expect(run.history.every(Number.isFinite)).toBe(true);
    const { config } = JSON.parse(await readFile(join(at(method), 'run.json'), 'utf8'));
    expect('training' in config).toBe(isTrained(method));
    const first = await predicted(method);
    expect(await predicted(method)).toEqual(first);
    const givesMaps = entryOf(method).needs.map !== false;
    for (const prediction of first.results) {
      const { score, label, hasMap } = prediction;
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(label).not.toBeNull();
      expect(hasMap).toBe(givesMaps);
      if (!hasMap) continue;
      const { map, peak } = prediction;
      expect(map).toMatchObject({ width: 56, height: 56 });
      expect(map.data.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(map.data[peak.y * 56 + peak.x]).toBe(map.data.reduce((a, b) => Math.max(a, b)));
    }
    expect(first.results[0]!.rawScore).not.toBe(first.results[1]!.rawScore);
    expect(first.evaluation.n).toMatchObject({ normal: 3, abnormal: 3 });
    if (givesMaps) expect(first.evaluation.pixel!.auroc).not.toBeNull();
    else expect(first.evaluation.pixel).toBeNull();
  });
});

describe('a run that was interrupted', () => {
  it.each(methodNames.filter(isTrained))('goes on as if it had not been: %s', async (method) => {
    const output = `${method} interrupted`;
    const controller = new AbortController();
    const onProgress = ({ stage, done }: Progress) => {
      if (stage === 'training' && done === 1) controller.abort();
    };
    const stopped = options(method, output).then((base) =>
      fitRun({ ...base, signal: controller.signal, onProgress }),
    );
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const steps: number[] = [];
    await fitRun({
      ...(await options(method, output)),
      onProgress: ({ stage, done }) => void (stage === 'training' && steps.push(done)),
    });
    expect(steps[0]).toBe(2);
    expect(await weights(output)).toEqual(await weights(method));
  });
});

describe('without a run', () => {
  it('score those that need no images, and decide nothing', async () => {
    const { config } = await options('clip', 'none');
    const { detector } = await openUntrained(config, '0.0.0', runtime);
    const image = await readImage(join(at('Spots_AD'), 'test/good/img/0.png'));
    const { score, rawScore, threshold, label } = await detector.predict(image);
    expect({ score, threshold, label }).toEqual({ score: rawScore, threshold: null, label: null });
    await detector.dispose();
  });
});

describe('without abnormal images', () => {
  const alone = methodNames.filter((name) => takesNormalAlone(entryOf(name).needs));

  it('are fitted those that learn from normal ones or remember them', () => {
    expect(alone).toEqual(['clip+', 'winclip+', 'mediclip', 'patchcore', 'rd4ad', 'cflow', 'mkd']);
  });

  it('are not the others, whose error names those that can', async () => {
    const others = methodNames.filter((name) => needsAbnormal(entryOf(name).needs));
    expect(others.length).toBeGreaterThan(5);
    for (const name of others) {
      const base = await options(name, 'refused');
      const shots = { ...base.shots, abnormal: [] };
      await expect(fitRun({ ...base, shots, overwrite: true }), name).rejects.toMatchObject({
        code: 'usage',
        hint: expect.stringContaining(
          '--method clip+, winclip+, mediclip, patchcore, rd4ad, cflow or mkd',
        ),
      });
    }
  });
});
