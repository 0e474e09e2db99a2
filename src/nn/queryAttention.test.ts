import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, expectWithin } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { add, multiply } from '../graph/elementwise.js';
import { grad } from '../graph/gradient.js';
import { concat } from '../graph/layout.js';
import { linear } from '../graph/matmul.js';
import { B, type Shape } from '../graph/shape.js';
import { sumAll } from '../graph/sum.js';
import { input, type Tensor } from '../graph/tensor.js';
import { attention } from './attention.js';
import { Parameters } from './parameters.js';
import { queryAttention } from './queryAttention.js';

interface Inputs {
  readonly queries: Tensor;
  readonly source: Tensor;
  readonly positions: Tensor | undefined;
  readonly parameter: (name: string) => Tensor;
  readonly heads: number;
  readonly onWeights: (weights: Tensor) => Tensor;
}

/** The same as {@link queryAttention} word for word: project all keys and values, then attend. */
function plainAttention(inputs: Inputs): Tensor {
  const { queries, source, positions, parameter, heads, onWeights } = inputs;
  const project = (x: Tensor, name: string) =>
    linear(x, parameter(`${name}.weight`), parameter(`${name}.bias`));
  const keys = project(source, 'k');
  const placed = positions
    ? add(
        keys,
        concat(
          Array.from({ length: heads }, () => positions),
          1,
        ),
      )
    : keys;
  const mixed = attention(project(queries, 'q'), placed, project(source, 'v'), {
    heads,
    onWeights,
  });
  return project(mixed, 'o');
}

const size = (max: number) => fc.integer({ min: 1, max });
const drawnCase = fc.record({
  batch: size(3),
  count: size(3),
  keys: size(9),
  heads: size(3),
  headWidth: size(5),
  seed: fc.integer(),
});

describe('queryAttention', () => {
  it.each([
    { positions: false, dropout: false },
    { positions: true, dropout: false },
    { positions: false, dropout: true },
    { positions: true, dropout: true },
  ])('is plain attention in value and gradients ($positions, $dropout)', async (options) => {
    await fc.assert(
      fc.asyncProperty(drawnCase, async ({ batch, count, keys, heads, headWidth, seed }) => {
        const width = heads * headWidth;
        const shapes: Record<string, Shape> = {
          queries: [B, count, width],
          source: [B, keys, width],
          ...(options.positions && { positions: [keys, headWidth] }),
        };
        for (const name of ['q', 'k', 'v', 'o']) {
          shapes[`${name}.weight`] = [width, width];
          shapes[`${name}.bias`] = [width];
        }
        const tensors = Object.fromEntries(
          Object.entries(shapes).map(([name, shape]) => [name, input(name, shape)]),
        );
        const mask = input('mask', [B, heads, count, keys]);
        const inputs: Inputs = {
          queries: tensors.queries!,
          source: tensors.source!,
          positions: tensors.positions,
          parameter: (name) => tensors[name]!,
          heads,
          onWeights: (weights) => (options.dropout ? multiply(weights, mask) : weights),
        };
        const parameters = new Parameters();
        const fast = queryAttention(inputs.queries, inputs.source, parameters.weights, inputs);
        const plain = plainAttention(inputs);
        const seedGradient = input('dy', [B, count, width]);

        const outputs: Record<string, Tensor> = { fast, plain };
        const parts = Object.keys(shapes);
        const asked = new Map(parameters.list.map(({ name, tensor }) => [name, tensor]));
        expect([...asked.keys(), 'k.bias'].sort()).toEqual(
          parts.filter((name) => name.includes('.')).sort(),
        );
        const inFast = parts.filter((name) => name !== 'k.bias');
        const loss = (y: Tensor) => sumAll(multiply(y, seedGradient));
        grad(
          loss(fast),
          inFast.map((name) => asked.get(name) ?? tensors[name]!),
        ).forEach((gradient, index) => {
          outputs[`fast ${inFast[index]}`] = gradient;
        });
        grad(
          loss(plain),
          parts.map((name) => tensors[name]!),
        ).forEach((gradient, index) => {
          outputs[`plain ${parts[index]}`] = gradient;
        });

        const draw = (name: string, shape: Shape, value: (random: Random) => number) => {
          const random = new Random(seed, name);
          const sizes = shape.map((axis) => (typeof axis === 'number' ? axis : batch));
          const length = sizes.reduce((product, axis) => product * axis, 1);
          return host(
            Array.from({ length }, () => value(random)),
            sizes,
          );
        };
        const feeds = Object.fromEntries(
          [...Object.entries(shapes), ['dy', seedGradient.shape] as const].map(([name, shape]) => [
            name,
            draw(name, shape, (random) => random.normal()),
          ]),
        );
        const drop = draw('mask', mask.shape, (random) => (random.uniform() < 0.4 ? 0 : 1 / 0.6));
        const results = await evaluate(outputs, options.dropout ? { ...feeds, mask: drop } : feeds);

        expectClose(results.fast!.data, results.plain!.data, 1e-5, 'value');
        for (const name of inFast) {
          const [actual, expected] = [results[`fast ${name}`]!, results[`plain ${name}`]!];
          expect(actual.shape).toEqual(expected.shape);
          expectClose(actual.data, expected.data, 2e-5, name);
        }
        const scale = Math.max(...results['plain k.weight']!.data.map(Math.abs), 1);
        const noGradient = results['plain k.bias']!.data;
        expectWithin(noGradient, new Float32Array(width), 2e-5 * scale, 'key bias');
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  it('refuses heads that do not divide the width', () => {
    const { weights } = new Parameters();
    const options = { heads: 3, onWeights: (x: Tensor) => x };
    const [queries, source] = [input('queries', [B, 2, 8]), input('source', [B, 5, 8])];
    expect(() => queryAttention(queries, source, weights, options)).toThrow('3 heads');
    expect(() => attention(queries, source, source, { heads: 3 })).toThrow('3 heads');
  });
});
