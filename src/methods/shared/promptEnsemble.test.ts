import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { smallFrozenClip } from '../../../test/support/smallMethod.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { FrozenClip } from '../method.js';
import {
  compositionalEnsemble,
  embedPrompts,
  encodePrompts,
  ensembleEmbeddings,
  ensemblePrompts,
  winclipEnsemble,
} from './promptEnsemble.js';

const runtime = nodeRuntime({ threads: 1 });
let frozen: FrozenClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
});

describe('ensemblePrompts', () => {
  it('puts every state into every template, once each but for one of WinCLIP’s', () => {
    const [normal, abnormal] = ensemblePrompts(compositionalEnsemble, 'brain');
    expect([normal.length, abnormal.length]).toEqual([7 * 35, 5 * 35]);
    expect(new Set([...normal, ...abnormal]).size).toBe(12 * 35);
    expect(normal).toContain('a photo of the unblemished brain.');
    expect(abnormal).toContain('there is a brain with damage in the scene.');

    const ofWindows = ensemblePrompts(winclipEnsemble, 'brain');
    expect(ofWindows.map(({ length }) => length)).toEqual([7 * 21, 4 * 21]);
    expect(new Set(ofWindows.flat()).size).toBe(11 * 20);
    expect(ofWindows.flat().some((prompt) => /[{}*]/.test(prompt))).toBe(false);
  });

  it('takes names as they are', () => {
    const [normal] = ensemblePrompts(compositionalEnsemble, "$& {} $'");
    expect(normal).toContain("a photo of a flawless $& {} $'.");
  });
});

describe('encodePrompts', () => {
  const prompts = ['a cup', 'a photo of a cup without flaw.', 'cup'];

  it('gives each prompt what it has alone, longer ones beside it or not', async () => {
    const together = await encodePrompts(prompts, frozen, runtime);
    for (const [index, prompt] of prompts.entries()) {
      const [alone] = await encodePrompts([prompt], frozen, runtime);
      expectClose(together[index]!, alone!, 1e-5, prompt);
    }
    const { embedded, ends } = await embedPrompts(prompts, frozen.checkpoint, frozen.tokenizer);
    expect(embedded.shape).toEqual([3, 1 + Math.max(...ends), frozen.clip.text.width]);
  });

  it('says which prompt is too long', async () => {
    const long = `a ${'z'.repeat(90)}`;
    await expect(encodePrompts([...prompts, long], frozen, runtime)).rejects.toThrow(long);
  });
});

describe('ensembleEmbeddings', () => {
  it.each([true, false])(
    'averages the prompts of each state, normalised: %s',
    async (normalise) => {
      const states = [['a cup', 'the cup'], ['a cup with flaw']] as const;
      const { mean } = await evaluate({
        mean: await ensembleEmbeddings(states, frozen, runtime, normalise),
      });
      const rows = await encodePrompts(states.flat(), frozen, runtime);
      const unit = (x: Float32Array) => x.map((value) => value / Math.hypot(...x));
      const [first, second, third] = normalise ? rows.map(unit) : rows;
      const normal = first!.map((value, c) => (value + second![c]!) / 2);
      const expected = [...(normalise ? unit(normal) : normal), ...third!];
      expectClose(mean!.data, expected, 1e-5);
    },
  );
});
