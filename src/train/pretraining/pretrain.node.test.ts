import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../clip/checkpoint.node.js';
import { tensorShapes } from '../../clip/tensorShapes.js';
import { loadTokenizer } from '../../clip/tokenizer.node.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { pretrain } from './pretrain.node.js';
import { recipeSchema } from './recipe.js';

const recipe = recipeSchema.parse({
  seed: 5,
  imageSize: 48,
  vision: { width: 24, layers: 2, heads: 2 },
  text: { width: 16, layers: 1, heads: 2 },
  embeddingWidth: 12,
  contextLength: 16,
  captions: 40,
  merges: 150,
  modalities: ['head-ct', 'chest-xray'],
  firstImages: 12,
  imagesPerStep: 1,
  batchSize: 8,
  phases: [
    { steps: 30, patches: 4 },
    { steps: 4, patches: null },
  ],
  learningRate: 5e-3,
  warmUpSteps: 3,
});
const runtime = nodeRuntime({ threads: 1 });

describe('pretrain', () => {
  let folder: string;
  let losses: number[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'iqe-pretrain-'));
    const { curve } = await pretrain(recipe, join(folder, 'first'), { runtime });
    losses = curve.map(({ loss }) => loss);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('lowers the loss', () => {
    const mean = (values: number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(losses).toHaveLength(34);
    expect(mean(losses.slice(-6))).toBeLessThan(0.9 * mean(losses.slice(0, 3)));
  });

  it('writes a Hugging Face folder in half precision with all tensors of a CLIP', async () => {
    expect((await readdir(join(folder, 'first'))).sort()).toEqual([
      'config.json',
      'loss.json',
      'merges.txt',
      'model.safetensors',
    ]);
    const { config, tensors } = await openCheckpoint(join(folder, 'first'));
    const shapes = tensorShapes(config);
    expect([...tensors.names].sort()).toEqual([...shapes.keys()].sort());
    for (const [name, shape] of shapes) {
      const values = await tensors.read(name, shape);
      expect(values.every(Number.isFinite), name).toBe(true);
    }
    const tokenizer = await loadTokenizer(join(folder, 'first'));
    expect(tokenizer.vocabularySize).toBe(config.text.vocabularySize);
  });

  it('writes down recipe and losses', async () => {
    const written = JSON.parse(await readFile(join(folder, 'first', 'loss.json'), 'utf8'));
    expect(recipeSchema.parse(written.recipe)).toEqual(recipe);
    expect(written.curve).toHaveLength(34);
    expect(written.curve[33]).toMatchObject({ step: 34 });
    expect(written.curve[33].loss).toBeCloseTo(losses[33]!, 3);
  });

  it('gives the same bytes for the same seed, others for another', async () => {
    const short = { ...recipe, phases: [{ steps: 3, patches: 4 }] };
    const bytes = async (name: string, seed: number) => {
      await pretrain({ ...short, seed }, join(folder, name), { runtime });
      return readFile(join(folder, name, 'model.safetensors'));
    };
    const once = await bytes('a', 1);
    expect((await bytes('b', 1)).equals(once)).toBe(true);
    expect((await bytes('c', 2)).equals(once)).toBe(false);
  });

  it('stops at a signal and leaves what was there', async () => {
    const before = await readFile(join(folder, 'first', 'model.safetensors'));
    const controller = new AbortController();
    const stopped = pretrain({ ...recipe, seed: 9 }, join(folder, 'first'), {
      runtime,
      signal: controller.signal,
      onProgress: ({ stage, done }) => {
        if (stage === 'pretraining' && done === 2) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect((await readFile(join(folder, 'first', 'model.safetensors'))).equals(before)).toBe(true);
    expect(await readdir(join(folder, 'first'))).toHaveLength(4);
  });

  it('says which folder cannot be written', async () => {
    const file = join(folder, 'first', 'config.json');
    const short = { ...recipe, phases: [{ steps: 0, patches: null }] };
    await expect(pretrain(short, join(file, 'inside'), { runtime })).rejects.toMatchObject({
      code: 'output',
    });
  });
});
