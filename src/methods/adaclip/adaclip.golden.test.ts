import { beforeAll, expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import {
  type FloatTensors,
  GoldenMethod,
  type MethodRecording,
} from '../../../test/support/goldenMethod.js';
import { describeWith } from '../../../test/support/shared.js';
import { withActivation } from '../../clip/frozenImageTower.js';
import { grad } from '../../graph/gradient.js';
import { transpose } from '../../graph/layout.js';
import type { HostTensor, SessionOptions } from '../../graph/session.js';
import { B } from '../../graph/shape.js';
import { input, type Tensor } from '../../graph/tensor.js';
import { Parameters } from '../../nn/parameters.js';
import { type AdaClip, adaClip } from './adaclip.js';
import { clusterWeights, largest } from './semanticFusion.js';

interface Recording extends MethodRecording {
  readonly activation: 'gelu' | 'quick_gelu';
  readonly object: string;
  readonly prompt_depth: number;
  readonly prompt_length: number;
  readonly clusters: number;
  readonly grid: number;
  readonly losses: Record<string, { readonly total: number; readonly classification: number }>;
}

const tolerance = 1e-4;

const folders: Record<string, string> = {
  'cls_token_layer.head.0': 'class',
  'dynamic_text_prompt_generator.head': 'dynamic.text',
  'dynamic_visual_prompt_generator.head': 'dynamic.image',
  'patch_token_layer.head': 'patches',
  'text_prompter.static_prompts': 'static.text',
  'visual_prompter.static_prompts': 'static.image',
};

/** Our name of a parameter of theirs. */
function ours(name: string): string {
  const [theirs, own] = Object.entries(folders).find(([prefix]) => name.startsWith(prefix))!;
  return own + name.slice(theirs.length);
}

describeWith(GoldenMethod.path('adaclip'), 'golden/methods/adaclip', () => {
  const golden = new GoldenMethod<Recording>('adaclip');
  const { image_size: imageSize, stages, object, clusters, grid, losses } = golden.recording;
  const recorded: FloatTensors = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
  const pixelValues = golden.pixels('image_bytes', 'clip');
  const images = pixelValues.shape[0]!;
  let method: AdaClip;
  let options: SessionOptions;
  let feeds: Record<string, HostTensor>;

  beforeAll(async () => {
    const { checkpoint, tokenizer } = await golden.backbone();
    const clip = withActivation(checkpoint.config, golden.recording.activation);
    const { prompt_depth: depth, prompt_length: length } = golden.recording;
    const config = { imageSize, stages, object, depth, length, clusters };
    method = await adaClip(config, { checkpoint, tokenizer, clip });
    options = checkpoint.sessionOptions;
    feeds = { pixelValues, fusion: recordedFusion() };
    for (const [name, value] of Object.entries(golden.tensors('trainable')))
      feeds[ours(name)] = value;
  });

  /** The recorded clustering as weights of patches. */
  function recordedFusion(): HostTensor {
    const chosen = recorded.hsf_tokens!;
    const count = chosen.shape[1]!;
    const weights = Array.from({ length: images }, (_, image) => {
      const part = (name: string) =>
        Array.from(recorded[name]!.data.slice(image * count, (image + 1) * count), Number);
      return [...clusterWeights(part('hsf_tokens'), part('cluster_labels'), grid * grid)];
    });
    return host(weights.flat(), [images, grid * grid]);
  }

  function build() {
    const parameters = new Parameters();
    const features = {
      ...method.features(input('pixelValues', [B, 3, imageSize, imageSize])),
      fusion: input('fusion', [B, grid * grid]),
    };
    const outputs = method.forward(features, parameters.weights);
    return { features, outputs, parameters };
  }

  it('every intermediate and score', async () => {
    const { features, outputs } = build();
    const named: Record<string, Tensor> = {
      image_features_unprompted: features.embedding,
      dynamic_visual_prompts: outputs.imagePrompts,
      dynamic_text_prompts: outputs.textPrompts,
      text_features: transpose(outputs.texts, [0, 2, 1]),
      class_token_projected: outputs.classToken,
      hsf_feature: outputs.fused,
      image_features: outputs.prompted,
      anomaly_map: outputs.unsmoothed,
      anomaly_map_smoothed: outputs.map,
      image_score: outputs.score,
    };
    for (const stage of stages.keys()) {
      named[`stage_tokens.${stage}`] = outputs.stages[stage]!;
      named[`patch_projected.${stage}`] = outputs.patches[stage]!;
      named[`logits.${stage}`] = outputs.logits[stage]!;
      named[`map.${stage}.second_image`] = outputs.maps[stage]!;
    }
    const results = await evaluate(named, feeds, options);
    for (const [name, { data }] of Object.entries(recorded)) {
      if (name === 'hsf_tokens' || name === 'cluster_labels') continue; // In the next test.
      expect(results[name], `'${name}' is computed`).toBeDefined();
      const values = results[name]!.data;
      const second = name.endsWith('second_image') ? values.slice(imageSize ** 2) : values;
      expectRelative(second, data, tolerance, name);
    }
  });

  it('fuses the recorded patches', async () => {
    const { features, parameters } = build();
    const reads = { ...method.interlude!.reads(features, parameters.weights) };
    const { abnormal } = await evaluate(reads, feeds, options);
    const chosen = recorded.hsf_tokens!;
    const count = chosen.shape[1]!;
    for (let image = 0; image < images; image++) {
      const row = abnormal!.data.slice(image * grid * grid, (image + 1) * grid * grid);
      const expected = Array.from(chosen.data.slice(image * count, (image + 1) * count), Number);
      expect(new Set(expected).size).toBe(count);
      // By value: of patches that are equally abnormal, either may be taken.
      const values = (patches: readonly number[]) => patches.map((patch) => row[patch]!);
      expectRelative(values(largest(row, count)), values(expected), tolerance);
    }
  });

  it('losses and gradients', async () => {
    const { outputs, parameters } = build();
    const loss = method.loss!(
      outputs,
      input('label', [B]),
      input('mask', [B, imageSize, imageSize]),
    );
    const gradients = grad(
      loss,
      parameters.list.map(({ tensor }) => tensor),
    );
    const named: Record<string, Tensor> = { loss };
    for (const [i, { name }] of parameters.list.entries()) named[name] = gradients[i]!;
    const all: Record<string, HostTensor> = { ...feeds, ...golden.targets() };
    for (let image = 0; image < images; image++) {
      const own: Record<string, HostTensor> = { ...all };
      for (const name of ['pixelValues', 'fusion', 'label', 'mask']) {
        const { data, shape } = all[name]!;
        const length = data.length / shape[0]!;
        const values = Array.from(data.slice(image * length, (image + 1) * length), Number);
        own[name] = host(values, [1, ...shape.slice(1)]);
      }
      const results = await evaluate(named, own, options);
      expectRelative(results.loss!.data, [losses[`image${image}`]!.total], tolerance);
      if (image !== 1) continue;
      golden.expectGradients(results, 'gradients', ours, tolerance);
      const names = Object.keys(golden.tensors('gradients')).map(ours);
      expect(parameters.list.map(({ name }) => name).sort()).toEqual(names.sort());
    }
  });
});
