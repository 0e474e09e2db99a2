import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { evaluate } from '../../test/support/evaluate.js';
import { writeSmallClip } from '../../test/support/smallClip.js';
import { Random } from '../base/random.js';
import { multiply } from '../graph/elementwise.js';
import { grad } from '../graph/gradient.js';
import { concat, slice, take, unsqueeze } from '../graph/layout.js';
import type { HostTensor } from '../graph/session.js';
import { B } from '../graph/shape.js';
import { expand, sumAll } from '../graph/sum.js';
import { input, type Tensor } from '../graph/tensor.js';
import type { Checkpoint } from './checkpoint.js';
import { openCheckpoint } from './checkpoint.node.js';
import { prefixedTextBlocks, textBlocks } from './textTower.js';

let folder: string;
let checkpoint: Checkpoint;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-text-'));
  await writeSmallClip(folder);
  checkpoint = await openCheckpoint(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function draw(random: Random, shape: readonly number[]): HostTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: Float32Array.from({ length: size }, () => random.normal()), shape };
}

describe('prefixedTextBlocks', () => {
  it.each([
    { kinds: 2, prefix: 6, own: 3, prompts: 2, images: 3 },
    { kinds: 1, prefix: 1, own: 1, prompts: 0, images: 1 },
    { kinds: 2, prefix: 4, own: 5, prompts: 1, images: 2 },
  ])('equals the tower on whole sequences, value and gradients: %o', async (sizes) => {
    const { kinds, prefix, own, prompts, images } = sizes;
    const { config, tensors } = checkpoint;
    const { width, layers } = config.text;
    const random = new Random(prefix);
    const begin = input('begin', [kinds, prefix, width]);
    const rest = input('rest', [kinds, B, own, width]);
    const learned = input('learned', [layers, Math.max(prompts, 1), width]);
    /** Puts each layer's own prompts behind the first position, as the method does. */
    const withPrompts = (x: Tensor, layer: number) => {
      if (prompts === 0) return x;
      const fresh = expand(take(learned, 0, layer), [x.shape[0]!, prompts, width], x);
      const after = slice(x, 1, layer === 0 ? 1 : 1 + prompts, x.shape[1] as number);
      return concat([slice(x, 1, 0, 1), fresh, after], 1);
    };

    const fast = prefixedTextBlocks(
      begin,
      rest,
      tensors.weights,
      config,
      prefix > 1 ? withPrompts : undefined,
    );
    const repeated = expand(unsqueeze(begin, 1), [kinds, B, prefix, width], rest);
    const sequences = Array.from({ length: kinds }, (_, kind) =>
      concat([take(repeated, 0, kind), take(rest, 0, kind)], 1),
    );
    const plain = concat(
      sequences.map((sequence) => {
        const hidden = textBlocks(
          sequence,
          tensors.weights,
          config,
          prefix > 1 ? withPrompts : undefined,
        ).at(-1)!;
        const length = hidden.shape[1] as number;
        return unsqueeze(slice(hidden, 1, length - own, length), 0);
      }),
      0,
    );

    const feeds = {
      begin: draw(random, [kinds, prefix, width]),
      rest: draw(random, [kinds, images, own, width]),
      learned: draw(random, [layers, Math.max(prompts, 1), width]),
    };
    const dy = draw(random, [kinds, images, own, width]);
    const upstream = input('dy', [kinds, B, own, width]);
    const parameters = prompts > 0 && prefix > 1 ? [begin, rest, learned] : [begin, rest];
    const outputs: Record<string, Tensor> = {};
    for (const [name, y] of Object.entries({ fast, plain })) {
      outputs[name] = y;
      const loss = sumAll(multiply(y, upstream));
      for (const [index, gradient] of grad(loss, parameters).entries())
        outputs[`${name} ${index}`] = gradient;
    }
    const results = await evaluate(outputs, { ...feeds, dy }, checkpoint.sessionOptions);
    expect(results.fast!.shape).toEqual([kinds, images, own, width]);
    for (const suffix of ['', ...parameters.map((_, index) => ` ${index}`)]) {
      expectClose(
        results[`fast${suffix}`]!.data,
        results[`plain${suffix}`]!.data,
        1e-4,
        `output${suffix}`,
      );
    }
  });
});
