import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { towerFeatures } from '../../../test/support/towerFeatures.js';
import { Random } from '../../base/random.js';
import { openCheckpoint } from '../../clip/checkpoint.node.js';
import { imagePlanes, normalizePlanes } from '../../clip/preprocess.js';
import { tensorShapes } from '../../clip/tensorShapes.js';
import { loadTokenizer } from '../../clip/tokenizer.node.js';
import { drawPhantom } from '../../data/phantoms/drawPhantom.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { tinyFolder } from '../backbone.node.js';
import { recipeSchema } from './recipe.js';

describe('the tiny backbone as it is shipped', () => {
  it('has the sizes that its card and its recipe say, in at most 16 MB', async () => {
    const { config, tensors } = await openCheckpoint(tinyFolder);
    expect(new Set(tensors.names)).toEqual(new Set(tensorShapes(config).keys()));
    const { size } = await stat(join(tinyFolder, 'model.safetensors'));
    expect(size).toBeLessThanOrEqual(16e6);
    const elements = [...tensorShapes(config).values()].map((shape) =>
      shape.reduce((count, dimension) => count * dimension, 1),
    );
    const parameters = elements.reduce((total, count) => total + count, 0);
    const { vision, text, embeddingWidth } = config;
    const card = await readFile(join(tinyFolder, 'README.md'), 'utf8');
    const sayings = [
      `${(parameters / 1e6).toFixed(1)} million parameters`,
      `${vision.layers} blocks of width ${vision.width}`,
      `${text.layers} blocks of width ${text.width}`,
      `${vision.imageSize} × ${vision.imageSize} pixels in patches of ${vision.patchSize}`,
      `shared space of ${embeddingWidth}`,
      `${text.contextLength} tokens`,
      `${text.vocabularySize} byte-pair tokens`,
    ];
    for (const saying of sayings) expect(card.replaceAll(/\s+/g, ' ')).toContain(saying);
    const { recipe } = JSON.parse(await readFile(join(tinyFolder, 'loss.json'), 'utf8'));
    expect(recipe).toEqual(recipeSchema.parse({}));
    expect(recipe.imageSize).toBe(vision.imageSize);
  });

  it('learned: the loss fell', async () => {
    const { curve } = JSON.parse(await readFile(join(tinyFolder, 'loss.json'), 'utf8'));
    expect(curve.at(-1).loss).toBeLessThan(0.8 * curve[0].loss);
  });

  it('reads the standard prompts and gives them back', async () => {
    const tokenizer = await loadTokenizer(tinyFolder);
    const { config } = await openCheckpoint(tinyFolder);
    expect(tokenizer.vocabularySize).toBe(config.text.vocabularySize);
    for (const state of ['normal', 'abnormal']) {
      const prompt = `a photo of a ${state} class`;
      const ids = tokenizer.encode(prompt);
      expect(ids).toHaveLength(8);
      expect(tokenizer.decode(ids.slice(1, -1)).trim()).toBe(prompt);
    }
  });

  it('encodes an image to finite features that differ from patch to patch', async () => {
    const checkpoint = await openCheckpoint(tinyFolder);
    const { imageSize, layers, width } = checkpoint.config.vision;
    const phantom = drawPhantom({
      modality: 'ultrasound',
      lesion: 'random',
      size: imageSize,
      random: new Random(1),
    });
    const data = new Float32Array(3 * imageSize * imageSize);
    normalizePlanes(imagePlanes(phantom.image, imageSize), 'clip', data);
    const features = await towerFeatures(
      checkpoint,
      [layers / 2, layers],
      { data, shape: [1, 3, imageSize, imageSize] },
      nodeRuntime({ threads: 1 }),
    );
    for (const { data: values } of [features.embedding, ...features.stages]) {
      expect((values as Float32Array).every(Number.isFinite)).toBe(true);
    }
    for (const { data: tokens } of features.stages) {
      expect(tokens.slice(0, width)).not.toEqual(tokens.slice(100 * width, 101 * width));
    }
  });
});
