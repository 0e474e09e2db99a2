import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import { Random } from '../../base/random.js';
import { grad } from '../../graph/gradient.js';
import { input } from '../../graph/tensor.js';
import { captionTargets, contrastiveLoss, imageStateLoss, stateLoss } from './contrastiveLoss.js';

const width = 5;

function draw(rows: number, random: Random): Float32Array {
  return Float32Array.from({ length: rows * width }, () => random.normal());
}

const row = (x: Float32Array, index: number) => [...x.subarray(index * width, (index + 1) * width)];

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, value, index) => sum + value * q[index]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** −ln softmax(logits)_chosen */
function surprise(logits: readonly number[], chosen: number): number {
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return Math.log(total) + largest - logits[chosen]!;
}

/** The definition in plain numbers. */
function plainContrastive(
  x: Float32Array,
  t: Float32Array,
  logScale: number,
  targets: Float32Array,
): number {
  const n = x.length / width;
  const indices = [...Array(n).keys()];
  const logit = (i: number, j: number) => Math.exp(logScale) * cosine(row(x, i), row(t, j));
  let loss = 0;
  for (const i of indices) {
    const byImage = indices.map((j) => logit(i, j));
    const byText = indices.map((j) => logit(j, i));
    for (const j of indices) {
      loss += targets[i * n + j]! * (surprise(byImage, j) + surprise(byText, j));
    }
  }
  return loss / (2 * n);
}

describe('contrastiveLoss', () => {
  it('is the definition, and its gradients are those of central differences', async () => {
    const random = new Random(3);
    const captions = ['a', 'b', 'a', 'c'];
    const n = captions.length;
    const targets = captionTargets(captions);
    const values = { x: draw(n, random), t: draw(n, random), s: Float32Array.of(1.2) };
    const [x, t, s] = [input('x', [n, width]), input('t', [n, width]), input('s', [])];
    const loss = contrastiveLoss(x, t, s, input('targets', [n, n]));
    const [dx, dt, ds] = grad(loss, [x, t, s]);
    const result = await evaluate(
      { loss, dx: dx!, dt: dt!, ds: ds! },
      {
        x: host(values.x, [n, width]),
        t: host(values.t, [n, width]),
        s: host(values.s, []),
        targets: host(targets, [n, n]),
      },
    );
    const plain = () => plainContrastive(values.x, values.t, values.s[0]!, targets);
    expect(result.loss!.data[0]).toBeCloseTo(plain(), 5);
    for (const [name, data] of Object.entries(values)) {
      const numeric = Array.from(data, (value, index) => {
        const at = (moved: number) => {
          data[index] = moved;
          return plain();
        };
        const slope = (at(value + 1e-2) - at(value - 1e-2)) / 2e-2;
        data[index] = value;
        return slope;
      });
      expectClose(result[`d${name}`]!.data, numeric, 2e-3, name);
    }
  });

  it('is lowest where pairs agree', async () => {
    const n = 3;
    const x = host(draw(n, new Random(1)), [n, width]);
    const turned = host(
      [
        ...row(x.data as Float32Array, 1),
        ...row(x.data as Float32Array, 2),
        ...row(x.data as Float32Array, 0),
      ],
      [n, width],
    );
    const loss = contrastiveLoss(
      input('x', [n, width]),
      input('t', [n, width]),
      input('s', []),
      input('targets', [n, n]),
    );
    const targets = host(captionTargets(['a', 'b', 'c']), [n, n]);
    const at = async (t: typeof x) =>
      (await evaluate({ loss }, { x, t, s: host([3], []), targets })).loss!.data[0]!;
    expect(await at(x)).toBeLessThan((await at(turned)) - 1);
  });
});

describe('stateLoss', () => {
  it('is the weighted cross-entropy of both states, for patches and for images', async () => {
    const random = new Random(5);
    const [images, patches] = [2, 3];
    const tokens = draw(images * patches, random);
    const states = draw(2, random);
    const weights = Float32Array.from({ length: images * patches * 2 }, () => random.uniform());
    const logScale = 0.7;
    const s = input('s', []);
    const t = input('t', [2, width]);
    const outputs = {
      byPatch: stateLoss(
        input('x', [images, patches, width]),
        t,
        s,
        input('w', [images, patches, 2]),
      ),
      byImage: imageStateLoss(
        input('flat', [images * patches, width]),
        t,
        s,
        input('flatWeights', [images * patches, 2]),
      ),
    };
    const result = await evaluate(outputs, {
      x: host(tokens, [images, patches, width]),
      flat: host(tokens, [images * patches, width]),
      w: host(weights, [images, patches, 2]),
      flatWeights: host(weights, [images * patches, 2]),
      t: host(states, [2, width]),
      s: host([logScale], []),
    });
    let expected = 0;
    for (let k = 0; k < images * patches; k++) {
      const logits = [0, 1].map(
        (state) => Math.exp(logScale) * cosine(row(tokens, k), row(states, state)),
      );
      for (const state of [0, 1]) expected += weights[2 * k + state]! * surprise(logits, state);
    }
    expect(result.byPatch!.data[0]).toBeCloseTo(expected, 5);
    expect(result.byImage!.data[0]).toBeCloseTo(expected, 5);
  });
});

describe('captionTargets', () => {
  it('is symmetric, sums to 1 in each row, and joins equal captions only', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }), (captions) => {
        const targets = captionTargets(captions);
        const n = captions.length;
        for (let i = 0; i < n; i++) {
          let total = 0;
          for (let j = 0; j < n; j++) {
            const value = targets[i * n + j]!;
            total += value;
            expect(value).toBe(targets[j * n + i]);
            expect(value > 0).toBe(captions[i] === captions[j]);
          }
          expect(total).toBeCloseTo(1, 5);
        }
      }),
    );
  });
});
