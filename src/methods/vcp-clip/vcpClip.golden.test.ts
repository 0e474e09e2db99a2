import { beforeAll, expect, it } from 'vitest';
import { expectRelative, expectWithin } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import {
  GoldenMethod,
  type MethodRecording,
  minMax,
  patchTokens,
} from '../../../test/support/goldenMethod.js';
import { builtMethod, lossAndGradients } from '../../../test/support/methodRun.js';
import { describeWith } from '../../../test/support/shared.js';
import { withActivation } from '../../clip/frozenImageTower.js';
import type { HostTensor, SessionOptions } from '../../graph/session.js';
import type { Tensor } from '../../graph/tensor.js';
import { type VcpClip, vcpClip } from './vcpClip.js';

interface Recording extends MethodRecording {
  readonly activation: 'gelu' | 'quick_gelu';
  readonly class_tokens: number;
  readonly deep_prompt_length: number;
  readonly attention_heads_post: number;
  readonly largest_pixels: number;
  readonly losses: { readonly total: number };
}

const tolerance = 1e-4;
/** The values of a map lie close together; those of one stage are less exact than the mean of all. */
const mapTolerance = 1e-6;
const stageMapTolerance = 1e-5;

describeWith(GoldenMethod.path('vcp-clip'), 'golden/methods/vcp-clip', () => {
  const golden = new GoldenMethod<Recording>('vcp-clip');
  const { image_size: imageSize, stages, losses, activation } = golden.recording;
  let method: VcpClip;
  let options: SessionOptions;
  let feeds: Record<string, HostTensor>;

  beforeAll(async () => {
    const { checkpoint, tokenizer } = await golden.backbone();
    const clip = withActivation(checkpoint.config, activation);
    const { class_tokens, deep_prompt_length, attention_heads_post, largest_pixels } =
      golden.recording;
    const config = {
      imageSize,
      stages,
      classTokens: class_tokens,
      learnableTokens: deep_prompt_length,
      heads: attention_heads_post,
      largestPixels: largest_pixels,
    };
    method = await vcpClip(config, { checkpoint, tokenizer, clip });
    options = checkpoint.sessionOptions;
    feeds = { pixelValues: golden.pixels('image_bytes', 'clip') };
    const recorded = joined(golden.tensors('trainable'));
    for (const { name, shape } of builtMethod(method).parameters) {
      expect(recorded[name], name).toBeDefined();
      feeds[name] = { data: recorded[name]!.data, shape };
    }
  });

  it('every intermediate and the scores', async () => {
    golden.expectNormalised('clip');
    const { features, outputs } = builtMethod(method);
    const { text, visual } = outputs;
    const named: Record<string, Tensor> = {
      image_features: features.embedding,
      class_tokens: outputs.classTokens,
      text_embeddings: outputs.textEmbeddings,
      anomaly_map: outputs.map,
      image_score: outputs.score,
      text_map: text.map,
      visual_map: visual.map,
    };
    for (const stage of stages.keys()) {
      named[`stage_tokens.${stage}`] = features[`stage${stage}`]!;
      named[`projected.${stage}`] = outputs.projected[stage]!;
      named[`updated_text.${stage}`] = outputs.updatedText[stage]!;
      named[`text_logits.${stage}`] = text.logits[stage]!;
      named[`visual_logits.${stage}`] = visual.logits[stage]!;
      named[`text_map.${stage}`] = text.maps[stage]!;
      named[`visual_map.${stage}`] = visual.maps[stage]!;
    }
    const results = await evaluate(named, feeds, options);
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const [name, { data }] of Object.entries(results)) {
      const expected = recorded[name] ?? recorded[`${name}.first_image`]!;
      if (name.includes('map')) {
        const bound = /\d$/.test(name) ? stageMapTolerance : mapTolerance;
        expectWithin(data.slice(0, expected.data.length), expected.data, bound, name);
        continue;
      }
      const values = name.startsWith('stage_tokens') ? patchTokens(expected) : expected.data;
      expectRelative(data, values, tolerance, name);
    }
    // Scaled by the range over the images, which the method leaves out.
    const { anomaly_map, image_score } = results;
    const scaled = (name: string) => recorded[`${name}_minmax`]!.data;
    expectWithin(minMax(anomaly_map!.data), scaled('anomaly_map'), tolerance, 'map');
    expectWithin(minMax(image_score!.data), scaled('image_score'), tolerance, 'score');
  });

  it('loss and gradients', async () => {
    const { loss, gradients } = lossAndGradients(method, builtMethod(method));
    const all = { ...feeds, ...golden.targets() };
    const results = await evaluate({ ...gradients, loss }, all, options);
    expectRelative(results.loss!.data, [losses.total], tolerance, 'loss');
    // The authors keep the first layer's tokens apart.
    const { data, shape } = results['prompts.deep']!;
    const split = data.length / shape[0]!;
    const apart = { first: { data: data.slice(0, split) }, later: { data: data.slice(split) } };
    golden.expectGradients({ ...results, ...apart }, 'gradients', gradientName, tolerance);
  });
});

const names: readonly (readonly [RegExp, string])[] = [
  [/^New_Lan_Embed\.prompt_linear1\.fc\./, 'pre.convolution.'],
  [/^New_Lan_Embed\.prompt_query$/, 'pre.query'],
  [/^New_Lan_Embed\.prompt_temp$/, 'temperature.text'],
  [/^Zero_try\.prompt_temp_l1$/, 'temperature.visual'],
  [/^Zero_try\.([qkv])_proj_pre(_1)?\./, 'post.$1.'],
  [/^Zero_try\.proj_post_t\./, 'post.o.'],
  [/^prompt_(norm|proj)\./, 'prompts.$1.'],
  [/^trainable_linearlayer\.fc\./, 'projections.'],
];

/** Our name of a recorded parameter. */
function ourName(name: string): string {
  const renamed = names.reduce((text, [from, to]) => text.replace(from, to), name);
  return renamed.replace('prompts.proj.', 'prompts.projection.');
}

function gradientName(name: string): string | undefined {
  if (name === 'prompt_text_projection' || name === 'Zero_try.k_proj_pre_1.bias') return undefined;
  if (name === 'prompt_embeddings') return 'first';
  return name === 'deep_prompt_embeddings' ? 'later' : ourName(name);
}

/** Recorded parameters under our names, with the tokens of all layers in one. */
function joined(
  recorded: Record<string, { readonly data: Float32Array }>,
): Record<string, { readonly data: Float32Array }> {
  const result: Record<string, { readonly data: Float32Array }> = {};
  for (const [name, value] of Object.entries(recorded)) result[ourName(name)] = value;
  const [first, later] = [recorded.prompt_embeddings!, recorded.deep_prompt_embeddings!];
  result['prompts.deep'] = { data: Float32Array.from([...first.data, ...later.data]) };
  return result;
}
