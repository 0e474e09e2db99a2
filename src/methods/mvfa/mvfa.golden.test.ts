import { expect, it } from 'vitest';
import { expectClose, expectRelative } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import {
  type FloatTensors,
  GoldenMethod,
  type MethodRecording,
  weightsOf,
} from '../../../test/support/goldenMethod.js';
import { type BuiltMethod, builtMethod } from '../../../test/support/methodRun.js';
import { describeWith } from '../../../test/support/shared.js';
import { asMemory } from '../../../test/support/smallMethod.js';
import { withActivation } from '../../clip/frozenImageTower.js';
import { imageHead } from '../../clip/imageTower.js';
import { AUGMENTATIONS, augment } from '../../data/augment.js';
import { grad } from '../../graph/gradient.js';
import { take } from '../../graph/layout.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { HostTensor } from '../../graph/session.js';
import { B } from '../../graph/shape.js';
import { constant, input, type Tensor } from '../../graph/tensor.js';
import type { FrozenClip, Tensors } from '../method.js';
import {
  compositionalEnsemble,
  ensembleEmbeddings,
  ensemblePrompts,
} from '../shared/promptEnsemble.js';
import { type Mvfa, type MvfaFeatures, type MvfaOutputs, mixed, mvfa } from './mvfa.js';

interface Recording extends MethodRecording {
  readonly activation: 'gelu' | 'quick_gelu';
  readonly losses: Record<string, { readonly det: number; readonly total: number }>;
}

const tolerance = 1e-4;
/** Distances are 1 − cos of vectors that nearly agree. */
const distanceTolerance = 1e-3;
const branches = ['seg', 'det'] as const;

/** The authors' names of the two sets of the recording. */
const sets = [
  { set: 'Brain', object: 'Brain', masks: true },
  { set: 'Chest', object: 'Chest X-ray film', masks: false },
] as const;

describeWith(GoldenMethod.path('mvfa'), 'golden/methods/mvfa', () => {
  const golden = new GoldenMethod<Recording>('mvfa');
  const { image_size: imageSize, stages, losses, activation } = golden.recording;
  const runtime = nodeRuntime({ threads: 1 });
  const recorded: FloatTensors = { ...golden.tensors('outputs'), ...golden.tensors('scores') };

  const ours = (name: string) =>
    name.replace(
      /^(seg|det)_adapters\.(\d+)\.fc([12])\.0/,
      (_, branch, stage, layer) => `${branch}.${stage}.${layer === '1' ? 'down' : 'up'}`,
    );
  const values: Record<string, HostTensor> = {};
  for (const [name, value] of Object.entries(golden.tensors('trainable')))
    values[ours(name)] = value;

  const builds = new Map<string, ReturnType<typeof make>>();
  function build(set: (typeof sets)[number]) {
    const known = builds.get(set.set) ?? make(set);
    builds.set(set.set, known);
    return known;
  }

  async function make({ object, masks }: (typeof sets)[number]) {
    const { checkpoint, tokenizer } = await golden.backbone();
    const clip = withActivation(checkpoint.config, activation);
    const frozen: FrozenClip = { checkpoint, tokenizer, clip };
    const method = await mvfa({ imageSize, stages, object, masks }, frozen, runtime);
    return { frozen, method, options: checkpoint.sessionOptions };
  }

  /** Recorded images, or one of them. */
  function images(name = 'image_bytes', index?: number): HostTensor {
    const { data, shape } = golden.pixels(name, 'none');
    if (index === undefined) return { data, shape };
    const length = data.length / shape[0]!;
    const one = data.slice(index * length, (index + 1) * length) as Float32Array;
    return { data: one, shape: [1, ...shape.slice(1)] };
  }

  it.each(sets)('the texts of $set', async (set) => {
    const { frozen } = await build(set);
    const prompts = ensemblePrompts(compositionalEnsemble, set.object);
    const { texts } = await evaluate({
      texts: await ensembleEmbeddings(prompts, frozen, runtime, true),
    });
    const expected = recorded[`text_features.${set.set}`]!.data;
    const columns = texts!.data.map(
      (_, i) => texts!.data[(i % 2) * (expected.length / 2) + (i >> 1)]!,
    );
    expectRelative(columns, expected, tolerance);
  });

  it('every intermediate and the zero-shot scores', async () => {
    const { frozen, method, options } = await build(sets[0]);
    const { outputs, parameters } = builtMethod(method);
    const named: Record<string, Tensor> = {
      'zero.anomaly_map': outputs.map,
      'zero.image_score': outputs.score,
    };
    for (const stage of stages.keys()) {
      named[`seg_map.${stage}`] = outputs.maps[stage]!;
      for (const branch of branches)
        named[`${branch}_hidden.${stage}`] = outputs.hidden[branch][stage]!;
    }
    // What CLIP itself would say of the adapted stream, which the method has no use for.
    const width = frozen.clip.vision.width;
    const last = stages.length - 1;
    const known = weightsOf([
      ...parameters,
      ...branches.map((branch) => {
        const name = `${branch}.${last}.up.weight`;
        const shape = [width, frozen.clip.embeddingWidth];
        return { name, shape, initialiser: () => 0, tensor: input(name, shape) };
      }),
    ]);
    const stream = mixed(outputs.last, last, outputs.hidden, known);
    const { embedding } = imageHead(
      take(stream, 1, 0),
      frozen.checkpoint.tensors.weights,
      frozen.clip,
    );
    const results = await evaluate(
      { ...named, pooled: embedding },
      { ...values, pixelValues: images() },
      options,
    );
    for (const [name, { data }] of Object.entries(results)) {
      expectRelative(data, recorded[name]!.data, tolerance, name);
    }
    for (const name of ['zero.anomaly_map', 'zero.image_score']) {
      expectClose(minMax(results[name]!.data), recorded[`${name}_minmax`]!.data, tolerance, name);
    }
  });

  it('the eleven versions of an image and its mask', () => {
    const tensors = golden.tensors('augmentation');
    for (const [from, to] of [
      ['image', 'images'],
      ['mask', 'masks'],
    ] as const) {
      const { data, shape } = tensors[from]!;
      const [, channels, height, width] = shape as [number, number, number, number];
      const versions = AUGMENTATIONS.flatMap((augmentation) => [
        ...augment({ data, channels, height, width }, augmentation).data,
      ]);
      expectClose(versions, tensors[to]!.data, tolerance, to);
    }
  });

  it.each(sets)('few-shot distances and scores of $set', async (set) => {
    const { method, options } = await build(set);
    const plain = await remembered(method, images('reference_bytes'), options);
    const memory = await remembered(method, augmented(images('reference_bytes')), options);
    const feeds = { ...values, pixelValues: images() };

    const distances: Record<string, Tensor> = {};
    for (const [suffix, of] of [
      ['', memory],
      ['_without_augmentation', plain],
    ] as const) {
      const { outputs } = builtMethod(method, of);
      for (const branch of branches)
        for (const [stage, x] of outputs.distances[branch].entries())
          distances[`${branch}_bank_distance${suffix}.${stage}`] = x;
    }
    for (const [name, { data }] of Object.entries(await evaluate(distances, feeds, options))) {
      expectRelative(data, recorded[name]!.data, distanceTolerance, name);
    }

    // The authors take the ranges over the images that they score.
    const { features, parameters } = builtMethod(method);
    const parts = { ...method.ranged!(features, weightsOf(parameters), memory) };
    const found = await evaluate(parts, feeds, options);
    const ranges: Record<string, Tensor> = {};
    for (const [name, { data }] of Object.entries(found))
      ranges[`${name}.range`] = constant([Math.min(...data), Math.max(...data)], [2]);
    const { outputs } = builtMethod(method, { ...memory, ...ranges });
    const { map, score } = await evaluate(
      { map: outputs.map, score: outputs.score },
      feeds,
      options,
    );
    if (set.masks) {
      expectRelative(found.zeroMap!.data, recorded['few.map_zero']!.data, tolerance, 'zero map');
      expectRelative(found.fewMap!.data, recorded['few.map_bank']!.data, distanceTolerance, 'bank');
      expectRelative(map!.data, recorded['few.anomaly_map']!.data, distanceTolerance, 'map');
      expectRelative(score!.data, recorded['few.image_score']!.data, distanceTolerance, 'score');
    } else {
      const name = 'few_labels_only';
      expectRelative(found.zeroScore!.data, recorded[`${name}.zero`]!.data, tolerance, 'zero');
      expectRelative(
        found.fewScore!.data,
        recorded[`${name}.bank`]!.data,
        distanceTolerance,
        'bank',
      );
      expectRelative(
        score!.data,
        recorded[`${name}.image_score`]!.data,
        distanceTolerance,
        'score',
      );
    }
  });

  it.each(sets)('losses and gradients of $set', async (set) => {
    const { method, options } = await build(set);
    const { outputs, parameters } = builtMethod(method);
    const label = input('label', [B]);
    const mask = set.masks ? input('mask', [B, imageSize, imageSize]) : undefined;
    const total = method.loss!(outputs, label, mask);
    const det = method.loss!(outputs, label, undefined);
    const trained = parameters.filter(({ name }) => method.trains!(name, set.masks));
    const gradients = grad(
      total,
      trained.map(({ tensor }) => tensor),
    );
    const named: Record<string, Tensor> = { total, det };
    for (const [i, { name }] of trained.entries()) named[name] = gradients[i]!;
    const targets = golden.targets();
    for (let index = 0; index < targets.label.shape[0]!; index++) {
      const pixels = imageSize * imageSize;
      const feeds = {
        ...values,
        pixelValues: images('image_bytes', index),
        label: host([targets.label.data[index] as number], [1]),
        mask: host(
          Array.from(targets.mask.data.slice(index * pixels, (index + 1) * pixels), Number),
          [1, imageSize, imageSize],
        ),
      };
      const results = await evaluate(named, feeds, options);
      const expected = losses[`${set.set}.image${index}`]!;
      expectRelative(results.total!.data, [expected.total], tolerance, `loss of image ${index}`);
      expectRelative(results.det!.data, [expected.det], tolerance, `det of image ${index}`);
      if (index !== 1) continue;
      const file = `gradients_${set.masks ? 'with_masks' : 'labels_only'}`;
      golden.expectGradients(results, file, ours, tolerance);
      const names = Object.keys(golden.tensors(file)).map(ours);
      expect(trained.map(({ name }) => name).sort()).toEqual(names.sort());
    }
  });

  async function remembered(
    method: Mvfa,
    references: HostTensor,
    options: FrozenClip['checkpoint']['sessionOptions'],
  ): Promise<Tensors> {
    const { features, parameters }: BuiltMethod<MvfaFeatures, MvfaOutputs> = builtMethod(method);
    const rows = { ...method.remember!(features, weightsOf(parameters)) };
    return asMemory(await evaluate(rows, { ...values, pixelValues: references }, options));
  }
});

function augmented({ data, shape }: HostTensor): HostTensor {
  const [count, channels, height, width] = shape as [number, number, number, number];
  const length = channels * height * width;
  const versions = AUGMENTATIONS.flatMap((augmentation) =>
    Array.from({ length: count }, (_, i) => {
      const planes = data.slice(i * length, (i + 1) * length) as Float32Array;
      return augment({ data: planes, channels, height, width }, augmentation).data;
    }),
  );
  return host(
    versions.flatMap((version) => [...version]),
    [versions.length, channels, height, width],
  );
}

function minMax(values: Float32Array): Float32Array {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (value - low) / (high - low));
}
