import { expect, it } from 'vitest';
import { expectClose, expectWithin } from '../../test/support/close.js';
import { evaluate, host, hostIntegers } from '../../test/support/evaluate.js';
import { recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder, goldenJson } from '../../test/support/shared.js';
import { gelu, quickGelu } from '../graph/activation.js';
import { convolveSame, patches } from '../graph/convolution.js';
import { gatherRows } from '../graph/gather.js';
import { grad } from '../graph/gradient.js';
import { reshape, transposeLast } from '../graph/layout.js';
import { linear } from '../graph/matmul.js';
import {
  cosineMatrix,
  cosineSimilarity,
  l2Normalize,
  layerNorm,
  softmax,
} from '../graph/normalization.js';
import { max } from '../graph/reduce.js';
import { product } from '../graph/shape.js';
import { constant, input, type Tensor } from '../graph/tensor.js';
import { attention, causalMask } from './attention.js';
import { crossEntropy } from './losses.js';

interface LayerCase {
  readonly name: string;
  readonly inputs: Record<string, number[]>;
  readonly output: number[];
  readonly gradients: string[];
  readonly eps?: number;
  readonly heads?: number;
  readonly causal?: boolean;
  readonly kernel?: number;
}

type Inputs = Record<string, Tensor>;

/** Each recorded layer in our ops, by the first words of its name. */
const layers: Record<string, (x: Inputs, layer: LayerCase) => Tensor> = {
  linear: ({ input, weight, bias }) => linear(input!, weight!, bias),
  'layer_norm_1e-5': ({ input, weight, bias }, { eps }) => layerNorm(input!, weight!, bias!, eps!),
  'layer_norm_1e-12': ({ input, weight, bias }, { eps }) => layerNorm(input!, weight!, bias!, eps!),
  gelu: ({ input }) => gelu(input!),
  quick_gelu: ({ input }) => quickGelu(input!),
  softmax: ({ input }) => softmax(input!),
  l2_normalize: ({ input }) => l2Normalize(input!),
  attention: attentionLayer,
  attention_causal: attentionLayer,
  attention_cross: attentionLayer,
  conv1d: ({ input, weight, bias }) => {
    const [batch, , length] = input!.shape;
    return convolveSame(reshape(input!, [batch!, length!]), weight!, bias!);
  },
  patch_embedding: ({ input, weight }, { kernel, output }) => {
    const out = weight!.shape[0]!;
    const flat = reshape(weight!, [out, product(weight!.shape.slice(1))]);
    return reshape(transposeLast(linear(patches(input!, kernel!), flat)), output);
  },
  embedding: ({ ids, weight }) => gatherRows(weight!, ids!),
  max_pixels: ({ input }) => max(flatPixels(input!), 1),
  max_pixels_tie_first: ({ input }) => max(flatPixels(input!), 1, 'first'),
  max_pixels_tie_shared: ({ input }) => max(flatPixels(input!), 1, 'shared'),
  cosine_similarity: ({ a, b }) => cosineSimilarity(a!, b!),
  cosine_matrix: ({ a, b }) => cosineMatrix(a!, b!),
  cross_entropy: ({ input, target }) => crossEntropy(input!, target!),
};

function attentionLayer(x: Inputs, { heads = 1, causal }: LayerCase): Tensor {
  const query = (x.query ?? x.input)!;
  const source = (x.source ?? x.input)!;
  const q = linear(query, x.wq!, x.bq);
  const k = linear(source, x.wk!, x.bk);
  const v = linear(source, x.wv!, x.bv);
  const mask = causal ? { mask: causalMask(query.shape[1] as number) } : {};
  return linear(attention(q, k, v, { heads, ...mask }), x.wo!, x.bo);
}

function flatPixels(x: Tensor): Tensor {
  return reshape(x, [x.shape[0]!, product(x.shape.slice(1))]);
}

describeWith(`${goldenFolder}/layers.json`, 'layers against recorded values', () => {
  const cases = goldenJson<{ layers: LayerCase[] }>('layers.json').layers;
  const recorded = recordedTensors('layers.safetensors');

  it('knows every recorded layer', () => {
    expect(cases.map(({ name }) => name).filter((name) => !layers[name])).toEqual([]);
  });

  it.each(cases)('$name: value and gradients', async (layer) => {
    const { name } = layer;
    const inputs: Inputs = {};
    const feeds: Record<string, ReturnType<typeof host>> = {};
    for (const [key, shape] of Object.entries(layer.inputs)) {
      const { data } = recorded[`${name}.${key}`]!;
      if (key === 'ids') {
        inputs[key] = input(key, shape, 'int64');
        feeds[key] = hostIntegers(data as Int32Array, shape);
      } else if (key === 'target') {
        inputs[key] = oneHot(data as Int32Array, layer.inputs.input![1]!);
      } else {
        inputs[key] = input(key, shape);
        feeds[key] = host(data as Float32Array, shape);
      }
    }
    const y = layers[name]!(inputs, layer);
    const upstream = recorded[`${name}.dy`];
    const seed = upstream && constant(upstream.data as Float32Array, upstream.shape);
    const gradients = grad(
      y,
      layer.gradients.map((key) => inputs[key]!),
      seed,
    );
    const outputs: Record<string, Tensor> = { y };
    for (const [index, key] of layer.gradients.entries()) outputs[`d_${key}`] = gradients[index]!;

    const results = await evaluate(outputs, feeds);
    for (const [key, { data }] of Object.entries(results)) {
      const expected = recorded[`${name}.${key}`]!.data as Float32Array;
      if (key === 'd_bk') expectWithin(data, expected, 2e-5, `${name}.${key}`);
      else expectClose(data, expected, 2e-5, `${name}.${key}`);
    }
  });
});

function oneHot(labels: Int32Array, classes: number): Tensor {
  const data = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) data[row * classes + label] = 1;
  return constant(data, [labels.length, classes]);
}
