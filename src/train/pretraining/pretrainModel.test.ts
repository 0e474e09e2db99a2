import { describe, expect, it } from 'vitest';
import { evaluate, host } from '../../../test/support/evaluate.js';
import { Random } from '../../base/random.js';
import { checkpointFromBytes } from '../../clip/checkpoint.js';
import { type ClipConfig, formatClipConfig } from '../../clip/config.js';
import { frozenImageTower } from '../../clip/frozenImageTower.js';
import { writeSafetensors } from '../../clip/safetensors.js';
import { tensorShapes } from '../../clip/tensorShapes.js';
import { l2Normalize } from '../../graph/normalization.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { input } from '../../graph/tensor.js';
import { encodeTexts } from './encodeTexts.js';
import { PhantomPool } from './phantomPool.js';
import { clipInitialiser, lossNames, pretrainGraph } from './pretrainModel.js';
import { PretrainStep } from './pretrainStep.js';
import { clipConfigOf, recipeSchema } from './recipe.js';
import { learnVocabulary } from './vocabulary.js';

const recipe = recipeSchema.parse({
  imageSize: 48,
  vision: { width: 24, layers: 2, heads: 2 },
  text: { width: 16, layers: 2, heads: 2 },
  embeddingWidth: 12,
  contextLength: 16,
  captions: 20,
  merges: 60,
  modalities: ['ultrasound'],
  batchSize: 4,
});
const runtime = nodeRuntime({ threads: 1 });
const vocabulary = learnVocabulary(recipe);
const config: ClipConfig = clipConfigOf(recipe, vocabulary.tokenizer.vocabularySize);
const shape = { pairs: 4, patches: 5, tokens: vocabulary.tokens };

describe('pretrainGraph', () => {
  it("trains exactly the tensors of Hugging Face's CLIPModel", () => {
    const { parameters, graph } = pretrainGraph(config, shape, recipe);
    const trained = parameters.list.map(({ name, shape }) => [name, [...shape]] as const);
    expect(new Map(trained)).toEqual(
      new Map([...tensorShapes(config)].map(([name, size]) => [name, [...size]])),
    );
    expect(graph.outputs.map(({ name }) => name)).toEqual([
      ...lossNames,
      ...trained.map(([name]) => name),
    ]);
  });

  it('computes the losses of what the frozen towers make of whole images and texts', async () => {
    const step = await PretrainStep.create({ config, ...vocabulary }, recipe, null, runtime);
    const parameters = step.startValues(1);
    const pool = new PhantomPool({ seed: 2, modalities: ['ultrasound'], size: 48 });
    for (let image = 0; image < 4; image++) pool.grow();
    step.batch.fill(pool, [0, 1, 2, 3], new Random(3));
    const losses = await step.run(parameters);
    await step.release();

    const checkpoint = await checkpointFromBytes(
      formatClipConfig(config),
      { 'model.safetensors': writeSafetensors(parameters) },
      'start values',
    );
    const pixelValues = input('pixelValues', [4, 3, 48, 48]);
    const { embedding } = await frozenImageTower(checkpoint, pixelValues);
    const images = await evaluate(
      { embedding: l2Normalize(embedding) },
      { pixelValues: host(wholeImages(step.batch.feeds.pixelValues!.data), [4, 3, 48, 48]) },
      checkpoint.sessionOptions,
    );
    const { tokenizer, tokens } = vocabulary;
    const captions = [0, 1, 2, 3].map((index) => pool.at(index).caption);
    expect(new Set(captions).size).toBe(4);
    expect(tokens).toBe(recipe.contextLength);
    const texts = await encodeTexts(checkpoint, tokenizer, captions, runtime);
    const x = images.embedding!.data;
    const logits = texts.map((text) =>
      [0, 1, 2, 3].map((image) => {
        const cosine = text.reduce((sum, value, k) => sum + value * x[image * 12 + k]!, 0);
        return cosine / 0.07;
      }),
    );
    const surprise = (row: number[], chosen: number) =>
      Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[chosen]!;
    let expected = 0;
    for (let pair = 0; pair < 4; pair++) {
      expected += surprise(logits[pair]!, pair) / 8;
      expected +=
        surprise(
          logits.map((row) => row[pair]!),
          pair,
        ) / 8;
    }
    expect(losses.contrastive).toBeCloseTo(expected, 4);
    const { stateWeight, patchWeight } = recipe;
    expect(losses.loss).toBeCloseTo(
      losses.contrastive + stateWeight * losses.state + patchWeight * losses.patch,
      4,
    );
  });
});

/** [4, 3, 16, 9 · 16] patches side by side → [4, 3, 48, 48] */
function wholeImages(strips: Float32Array): Float32Array {
  const images = new Float32Array(strips.length);
  for (let plane = 0; plane < 12; plane++) {
    for (let y = 0; y < 48; y++) {
      for (let x = 0; x < 48; x++) {
        const patch = Math.floor(y / 16) * 3 + Math.floor(x / 16);
        images[(plane * 48 + y) * 48 + x] =
          strips[(plane * 16 + (y % 16)) * 144 + patch * 16 + (x % 16)]!;
      }
    }
  }
  return images;
}

describe('clipInitialiser', () => {
  const deviation = (name: string) => {
    const initialise = clipInitialiser(name, config);
    const random = new Random(1);
    const values = Float64Array.from({ length: 4000 }, () => initialise(random));
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };

  it.each([
    ['text_model.embeddings.token_embedding.weight', 0.02],
    ['text_model.encoder.layers.0.self_attn.q_proj.weight', 16 ** -0.5],
    ['text_model.encoder.layers.0.self_attn.out_proj.weight', 16 ** -0.5 / 2],
    ['vision_model.encoder.layers.1.mlp.fc1.weight', 48 ** -0.5],
    ['vision_model.encoder.layers.1.mlp.fc2.weight', 24 ** -0.5 / 2],
    ['visual_projection.weight', 24 ** -0.5],
    ['vision_model.encoder.layers.1.mlp.fc2.bias', 0],
    ['vision_model.pre_layrnorm.weight', 1],
    ['vision_model.encoder.layers.0.layer_norm1.weight', 1],
    ['logit_scale', Math.log(1 / 0.07)],
  ])('%s has deviation %f', (name, expected) => {
    expect(Math.abs(deviation(name) / (expected || 1) - (expected ? 1 : 0))).toBeLessThan(0.05);
  });
});
