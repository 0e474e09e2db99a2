import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../test/support/evaluate.js';
import { formulaWeights } from '../../../test/support/formulaWeights.js';
import { smallFrozenClip } from '../../../test/support/smallMethod.js';
import { bert } from '../../backbones/bert.js';
import { medClipWidth } from '../../backbones/medclip.js';
import type { Network } from '../../backbones/network.js';
import { writeSafetensors } from '../../clip/safetensors.js';
import { WeightFiles } from '../../clip/weightFiles.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { constant, integers } from '../../graph/tensor.js';
import { Parameters, Weights } from '../../nn/parameters.js';
import type { FrozenClip } from '../method.js';
import { type MedClipConfig, medClip } from './medclip.js';

const runtime = nodeRuntime({ threads: 1 });
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'normal', 'sick', 'lung', '.', 'very'];
const config = {
  imageSize: 32,
  object: 'lung',
  normalPrompts: ['normal {}.'],
  abnormalPrompts: ['sick {}', 'very sick {}.'],
  combine: 'mean',
} as const;
const unused = new Weights(() => {
  throw new Error('MedCLIP has no trained weights.');
});
let frozen: FrozenClip;
let network: Network;

beforeAll(async () => {
  const parameters = new Parameters();
  const text = parameters.weights.at('text_model');
  const sizes = { width: 64, heads: 1, layers: 3, intermediateWidth: 96, segmentTypes: 2 };
  const rest = { vocabularySize: 9, maximumLength: 80, layerNormEpsilon: 1e-12 };
  bert(integers([2, 3], [1, 2]), constant([1, 1], [1, 2]), text.at('model'), { ...sizes, ...rest });
  text.at('projection_head').get('weight', [medClipWidth, sizes.width]);
  const bytes = writeSafetensors(formulaWeights(1, parameters.list));
  const tensors = await WeightFiles.open(
    [
      {
        name: 'medclip.safetensors',
        where: 'medclip',
        length: bytes.length,
        read: async (offset, length) => bytes.subarray(offset, offset + length),
      },
    ],
    'medclip',
  );
  network = { name: 'medclip', tensors, vocabulary };
  const small = await smallFrozenClip();
  const sessionOptions = { weightBytes: { 'medclip.safetensors': bytes } };
  frozen = { ...small, checkpoint: { ...small.checkpoint, sessionOptions }, network };
});

/** The score of an image by its embedding. */
async function scoreOf(
  embedding: Float32Array,
  changes: Partial<MedClipConfig> = {},
): Promise<number> {
  const method = await medClip({ ...config, ...changes }, frozen, runtime);
  const features = { embedding: constant(embedding, [1, medClipWidth]) };
  const { score } = await evaluate({ score: method.forward(features, unused).score });
  return score!.data[0]!;
}

describe('MedCLIP with its own texts', () => {
  it('compares an image with the prompts of both classes', async () => {
    const axis = Float32Array.from({ length: medClipWidth }, (_, i) => (i === 0 ? 1 : 0));
    const score = await scoreOf(axis);
    expect(Math.abs(score)).toBeGreaterThan(0);
    expect(await scoreOf(axis, { combine: 'max' })).toBeGreaterThan(score);
    const { normalPrompts, abnormalPrompts } = config;
    const turned = { normalPrompts: abnormalPrompts, abnormalPrompts: normalPrompts };
    expect(await scoreOf(axis, turned)).toBeCloseTo(-score, 4);
    expect(await scoreOf(axis, { object: 'sick' })).not.toBeCloseTo(score, 4);
  });

  it('needs the vocabulary, and a network that reads texts', async () => {
    const without = { ...frozen, network: { ...network, vocabulary: undefined } };
    await expect(medClip(config, without, runtime)).rejects.toThrow('no vocab.txt');
    const other = { ...frozen, network: { ...network, name: 'resnet18' as const } };
    await expect(medClip(config, other, runtime)).rejects.toThrow('resnet18 reads none');
  });
});
