import { beforeAll, expect, it } from 'vitest';
import { expectRelative, expectWithin } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import {
  GoldenMethod,
  type MethodRecording,
  patchTokens,
} from '../../../test/support/goldenMethod.js';
import { builtMethod, lossAndGradients } from '../../../test/support/methodRun.js';
import { describeWith } from '../../../test/support/shared.js';
import { withActivation } from '../../clip/frozenImageTower.js';
import { transpose } from '../../graph/layout.js';
import type { HostTensor, SessionOptions } from '../../graph/session.js';
import type { Tensor } from '../../graph/tensor.js';
import { type MediClip, mediClip, stateWords } from './mediClip.js';

interface Recording extends MethodRecording {
  readonly activation: 'gelu' | 'quick_gelu';
  readonly words: { readonly normal: string[]; readonly abnormal: string[] };
  readonly learnable_tokens: number;
  readonly losses: { readonly total: number };
}

const tolerance = 1e-4;
/** The values of a map lie close together. */
const mapTolerance = 1e-6;

describeWith(GoldenMethod.path('mediclip'), 'golden/methods/mediclip', () => {
  const golden = new GoldenMethod<Recording>('mediclip');
  const { recording } = golden;
  const ours = (name: string) =>
    name
      .replace(/^adapter\.(\d+)_adapter\.0\./, 'adapters.$1.')
      .replace(/^prompt_learner\.ctx\.(\w+)_end$/, 'prompts.$1');
  let method: MediClip;
  let options: SessionOptions;
  let feeds: Record<string, HostTensor>;

  beforeAll(async () => {
    const { checkpoint, tokenizer } = await golden.backbone();
    const clip = withActivation(checkpoint.config, recording.activation);
    const { image_size: imageSize, stages, learnable_tokens: contextTokens } = recording;
    const frozen = { checkpoint, tokenizer, clip };
    method = await mediClip({ imageSize, stages, contextTokens }, frozen);
    options = checkpoint.sessionOptions;
    feeds = { pixelValues: golden.pixels('image_bytes', 'clip') };
    for (const [name, { data, shape }] of Object.entries(golden.tensors('trainable'))) {
      const one = /adapter.*weight$/.test(name) ? shape.slice(0, 2) : shape; // A 1 × 1 convolution.
      feeds[ours(name)] = { data, shape: one };
    }
  });

  it('has the recorded words', () => {
    expect(stateWords).toEqual(recording.words);
  });

  it('every intermediate and the scores', async () => {
    golden.expectNormalised('clip');
    const { features, outputs } = builtMethod(method);
    const named: Record<string, Tensor> = {
      text_features: transpose(outputs.textEmbeddings, [1, 0]),
      anomaly_map: outputs.map,
      image_score: outputs.score,
    };
    for (const [stage, adapted] of outputs.adapted.entries()) {
      named[`adapted.${stage}`] = adapted;
      named[`stage_tokens.${stage}`] = features[`stage${stage}`]!;
    }
    const results = await evaluate(named, feeds, options);
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const [name, { data }] of Object.entries(results)) {
      if (name in golden.tensors('scores')) {
        expectWithin(data, recorded[name]!.data, mapTolerance, name);
        continue;
      }
      const expected = recorded[name]!;
      const values = name.startsWith('stage_tokens') ? patchTokens(expected) : expected.data;
      expectRelative(data, values, tolerance, name);
    }
  });

  it('loss and gradients', async () => {
    const { loss, gradients } = lossAndGradients(method, builtMethod(method));
    const all = { ...feeds, ...golden.targets() };
    const results = await evaluate({ ...gradients, loss }, all, options);
    expectRelative(results.loss!.data, [recording.losses.total], tolerance, 'loss');
    golden.expectGradients(results, 'gradients', ours, tolerance);
  });
});
