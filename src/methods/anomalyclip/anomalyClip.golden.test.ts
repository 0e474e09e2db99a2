import { beforeAll, it } from 'vitest';
import { expectRelative, expectWithin } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import {
  type FloatTensors,
  GoldenMethod,
  type MethodRecording,
  patchTokens,
} from '../../../test/support/goldenMethod.js';
import { builtMethod, lossAndGradients } from '../../../test/support/methodRun.js';
import { describeWith } from '../../../test/support/shared.js';
import { frozenImageStart, withActivation } from '../../clip/frozenImageTower.js';
import type { HostTensor, SessionOptions } from '../../graph/session.js';
import type { Tensor } from '../../graph/tensor.js';
import { Adam } from '../../nn/adam.js';
import type { FrozenClip } from '../method.js';
import { type AnomalyClip, anomalyClip, positionInterpolation } from './anomalyClip.js';

interface Recording extends MethodRecording {
  readonly activation: 'gelu' | 'quick_gelu';
  readonly second_path_blocks: readonly number[];
  readonly prompt: {
    readonly Prompt_length: number;
    readonly learnabel_text_embedding_depth: number;
    readonly learnabel_text_embedding_length: number;
  };
  readonly adam: { readonly lr: number; readonly betas: [number, number] };
  readonly losses: Record<'all_stages' | 'last_stage', { readonly total: number }>;
}

const tolerance = 1e-4;

describeWith(GoldenMethod.path('anomalyclip'), 'golden/methods/anomalyclip', () => {
  const golden = new GoldenMethod<Recording>('anomalyclip');
  const { image_size: imageSize, stages, losses, adam, prompt } = golden.recording;
  let frozen: FrozenClip;
  let options: SessionOptions;
  let feeds: Record<string, HostTensor>;

  const build = (which: 'all_stages' | 'last_stage'): Promise<AnomalyClip> =>
    anomalyClip(
      {
        imageSize,
        stages: which === 'all_stages' ? stages : stages.slice(-1),
        secondPathBlocks: golden.recording.second_path_blocks.length,
        contextTokens: prompt.Prompt_length,
        depth: prompt.learnabel_text_embedding_depth,
        deepTokens: prompt.learnabel_text_embedding_length,
      },
      frozen,
    );

  beforeAll(async () => {
    const { checkpoint, tokenizer } = await golden.backbone();
    const clip = withActivation(checkpoint.config, golden.recording.activation);
    frozen = { checkpoint, tokenizer, clip };
    options = checkpoint.sessionOptions;
    const images = { pixelValues: golden.pixels('image_bytes', 'clip') };
    feeds = { ...images, ...joined(golden.tensors('trainable')) };
  });

  it('every intermediate and the scores', async () => {
    golden.expectNormalised('clip');
    const { features, outputs } = builtMethod(await build('all_stages'));
    const last = builtMethod(await build('last_stage')).outputs;
    const named: Record<string, Tensor> = {
      image_features: features.embedding,
      text_features: outputs.textEmbeddings,
      image_score: outputs.score,
      'all_stages.anomaly_map': outputs.rawMap,
      'all_stages.anomaly_map_smoothed': outputs.map,
      'last_stage.anomaly_map': last.rawMap,
      'last_stage.anomaly_map_smoothed': last.map,
    };
    const start = await frozenImageStart(frozen.checkpoint, imageSize, positionInterpolation);
    named.resized_position_embedding = start.positions;
    for (const stage of stages.keys()) {
      named[`patch_features.${stage}`] = features[`stage${stage}`]!;
      named[`map.${stage}`] = outputs.maps[stage]!;
    }
    const results = await evaluate(named, feeds, options);
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const [name, { data }] of Object.entries(results)) {
      const expected = recorded[name]!;
      const values = name.startsWith('patch_features') ? patchTokens(expected) : expected.data;
      expectRelative(data, values, tolerance, name);
    }
  });

  it.each(['all_stages', 'last_stage'] as const)('loss and gradients, %s', async (which) => {
    const results = await trained(which);
    expectRelative(results.loss!.data, [losses[which].total], tolerance, 'loss');
    golden.expectGradients(apart(results), `gradients_${which}`, (name) => name, tolerance);
  });

  it('one step of Adam', async () => {
    const gradients = await trained('all_stages');
    const after: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
    for (const name of ['prompts.context', 'prompts.deep']) {
      const { data, shape } = feeds[name]!;
      const value = Float32Array.from(data as Float32Array);
      const moments = {
        first: new Float32Array(value.length),
        second: new Float32Array(value.length),
      };
      const settings = { learningRate: adam.lr, betas: adam.betas, epsilon: 1e-8 };
      new Adam().step(value, gradients[name]!.data, moments, 1, settings);
      after[name] = { data: value, shape };
    }
    const ours = apart(after);
    // A first step goes by the sign of each gradient, so its size is the learning rate.
    for (const [name, { data }] of Object.entries(golden.tensors('after_one_adam_step')))
      expectWithin(ours[name]!.data, data, 1e-2 * adam.lr, name);
  });

  async function trained(which: 'all_stages' | 'last_stage') {
    const method = await build(which);
    const { loss, gradients } = lossAndGradients(method, builtMethod(method));
    return evaluate({ ...gradients, loss }, { ...feeds, ...golden.targets() }, options);
  }

  /** Ours as the authors hold them: the two prompts apart, and each layer's tokens. */
  function apart(
    values: Readonly<Record<string, { data: Float32Array; shape: readonly number[] }>>,
  ): Record<string, { data: Float32Array }> {
    const part = (name: string, index: number) => {
      const { data, shape } = values[name]!;
      const size = data.length / shape[0]!;
      return { data: data.slice(index * size, (index + 1) * size) };
    };
    const renewed = prompt.learnabel_text_embedding_depth - 1;
    return {
      ctx_pos: part('prompts.context', 0),
      ctx_neg: part('prompts.context', 1),
      ...Object.fromEntries(
        Array.from({ length: renewed }, (_, layer) => [
          `compound_prompts_text.${layer}`,
          part('prompts.deep', layer),
        ]),
      ),
    };
  }

  function joined(recorded: FloatTensors): Record<string, HostTensor> {
    const together = (tensors: FloatTensors[string][]): HostTensor => ({
      data: Float32Array.from(tensors.flatMap(({ data }) => [...data])),
      shape: [tensors.length, ...tensors[0]!.shape.slice(-2)],
    });
    const layers = Array.from(
      { length: prompt.learnabel_text_embedding_depth - 1 },
      (_, layer) => recorded[`compound_prompts_text.${layer}`]!,
    );
    return {
      'prompts.context': together([recorded.ctx_pos!, recorded.ctx_neg!]),
      'prompts.deep': together(layers),
    };
  }
});
