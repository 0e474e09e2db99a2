import { beforeAll, it } from 'vitest';
import { expectRelative, expectWithin } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import {
  GoldenMethod,
  type MethodRecording,
  minMax,
  patchTokens,
  weightsOf,
} from '../../../test/support/goldenMethod.js';
import { builtMethod, lossAndGradients } from '../../../test/support/methodRun.js';
import { describeWith } from '../../../test/support/shared.js';
import { asMemory } from '../../../test/support/smallMethod.js';
import { withActivation } from '../../clip/frozenImageTower.js';
import { transpose } from '../../graph/layout.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { HostTensor, SessionOptions } from '../../graph/session.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import type { Tensors } from '../method.js';
import {
  compositionalEnsemble,
  ensembleEmbeddings,
  ensemblePrompts,
} from '../shared/promptEnsemble.js';
import { type AprilGan, aprilGan } from './aprilGan.js';

interface Recording extends MethodRecording {
  readonly activation: 'gelu' | 'quick_gelu';
  readonly object: string;
  readonly losses: { readonly total: number };
}

const tolerance = 1e-4;
/** Distances are 1 − cos of vectors that nearly agree. */
const distanceTolerance = 1e-3;

describeWith(GoldenMethod.path('april-gan'), 'golden/methods/april-gan', () => {
  const golden = new GoldenMethod<Recording>('april-gan');
  const { image_size: imageSize, stages, object, losses, activation } = golden.recording;
  const ours = (name: string) => name.replace(/^fc\./, 'projections.');
  let method: AprilGan;
  let texts: Tensor;
  let options: SessionOptions;
  let feeds: Record<string, HostTensor>;

  beforeAll(async () => {
    const { checkpoint, tokenizer } = await golden.backbone();
    const clip = withActivation(checkpoint.config, activation);
    const runtime = nodeRuntime({ threads: 1 });
    const frozen = { checkpoint, tokenizer, clip };
    method = await aprilGan({ imageSize, stages, object }, frozen, runtime);
    const prompts = ensemblePrompts(compositionalEnsemble, object);
    texts = await ensembleEmbeddings(prompts, frozen, runtime, true);
    options = checkpoint.sessionOptions;
    feeds = { pixelValues: golden.pixels('image_bytes', 'clip') };
    for (const [name, value] of Object.entries(golden.tensors('trainable')))
      feeds[ours(name)] = value;
  });

  it('every intermediate and the zero-shot scores', async () => {
    golden.expectNormalised('clip');
    const { features, outputs } = builtMethod(method);
    const named: Record<string, Tensor> = {
      image_features: features.embedding,
      text_features: transpose(texts, [1, 0]),
      clip_score: outputs.clipScore,
      'zero_shot.anomaly_map': outputs.map,
      'zero_shot.image_score': outputs.score,
    };
    for (const stage of stages.keys()) {
      named[`stage_tokens.${stage}`] = features[`stage${stage}`]!;
      named[`projected.${stage}`] = outputs.projected[stage]!;
      named[`logits.${stage}`] = outputs.logits[stage]!;
      named[`map.${stage}`] = outputs.maps[stage]!;
    }
    const results = await evaluate(named, feeds, options);
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const [name, { data }] of Object.entries(results)) {
      const expected = recorded[name]!;
      const values = name.startsWith('stage_tokens') ? patchTokens(expected) : expected.data;
      expectRelative(data, values, tolerance, name);
    }
  });

  it('few-shot distances and scores', async () => {
    const memory = await remembered();
    const scores = golden.tensors('scores');
    const maxima = scores['few_shot.map_maximum']!.data;
    // The authors take the range over the images that they score.
    const range = constant([Math.min(...maxima), Math.max(...maxima)], [2]);
    const { features, outputs, parameters } = builtMethod(method, {
      ...memory,
      'mapMaximum.range': range,
    });
    const ranged = method.ranged!(features, weightsOf(parameters), memory);
    const distances = outputs.distances.map((x, stage) => [`memory_distance.${stage}`, x] as const);
    const results = await evaluate(
      {
        ...Object.fromEntries(distances),
        'few_shot.anomaly_map': outputs.map,
        'few_shot.image_score': outputs.score,
        'few_shot.map_maximum': ranged.mapMaximum!,
      },
      feeds,
      options,
    );
    const recorded = { ...golden.tensors('outputs'), ...scores };
    for (const [name, { data }] of Object.entries(results)) {
      const bound = name.startsWith('memory_distance') ? distanceTolerance : tolerance;
      expectRelative(data, recorded[name]!.data, bound, name);
    }
    const scaled = minMax(results['few_shot.map_maximum']!.data);
    expectWithin(scaled, scores['few_shot.map_maximum_minmax']!.data, tolerance);
  });

  it('loss and gradients', async () => {
    const { loss, gradients } = lossAndGradients(method, builtMethod(method));
    const all = { ...feeds, ...golden.targets() };
    const results = await evaluate({ ...gradients, loss }, all, options);
    expectRelative(results.loss!.data, [losses.total], tolerance, 'loss');
    golden.expectGradients(results, 'gradients', ours, tolerance);
  });

  async function remembered(): Promise<Tensors> {
    const { features, parameters } = builtMethod(method);
    const rows = method.remember!(features, weightsOf(parameters));
    const references = { pixelValues: golden.pixels('reference_bytes', 'clip') };
    return asMemory(await evaluate({ ...rows }, references, options));
  }
});
