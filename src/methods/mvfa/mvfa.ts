import { frozenImageStart } from '../../clip/frozenImageTower.js';
import { embedImage, imageBlock, normalizeEmbedded } from '../../clip/imageTower.js';
import { add, multiply, relu, sigmoid } from '../../graph/elementwise.js';
import { linear } from '../../graph/matmul.js';
import { l2Normalize } from '../../graph/normalization.js';
import { mean } from '../../graph/reduce.js';
import type { Runtime } from '../../graph/session.js';
import type { Tensor } from '../../graph/tensor.js';
import { projection } from '../../nn/layers.js';
import { binaryCrossEntropyWithLogits } from '../../nn/losses.js';
import type { Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { checkStages, quarters, withoutClassToken } from '../shared/clipFeatures.js';
import { contrast, flatPixels, largestPixel, patchesToPixels } from '../shared/maps.js';
import { nearestDistance } from '../shared/memory.js';
import { pixelLoss } from '../shared/pixelLoss.js';
import {
  compositionalEnsemble,
  ensembleEmbeddings,
  ensemblePrompts,
} from '../shared/promptEnsemble.js';
import { scaledToRange } from '../shared/range.js';

/*
 * MVFA (Huang et al. 2024), zero-shot and few-shot. B images, G² patches, N = 1 + G² tokens, C the
 * width of the shared space, D the image tower's.
 */

export interface MvfaConfig {
  /** S, 240 in the paper. */
  readonly imageSize: number;
  /** Blocks l with adapters, counted from 1; every quarter of the depth by default. */
  readonly stages?: readonly number[];
  /** What the images show, such as 'retinal OCT'. */
  readonly object: string;
  /** Whether the images that it learns from have masks; without, the `det` adapters do everything. */
  readonly masks: boolean;
}

/** 1/τ, what CLIP's training ended with. */
const inverseTemperature = 100;

/** The two kinds of adapter: for pixels and for whole images. */
const branches = ['seg', 'det'] as const;
type Branch = (typeof branches)[number];

export type MvfaFeatures = Tensors & {
  /** The stream after the first adapted block [B, N, D]: up to there nothing is trained. */
  readonly stream: Tensor;
};

export interface MvfaOutputs extends MethodOutputs {
  /** h of each stage and kind [B, N, C]. */
  readonly hidden: Readonly<Record<Branch, readonly Tensor[]>>;
  /** Raw output of the last adapted block [B, N, D]. */
  readonly last: Tensor;
  /** Probability of `abnormal` by the `seg` adapters of each stage [B, S, S]. */
  readonly maps: readonly Tensor[];
  /** mean_j p_l(j) by the `det` adapters of each stage [B]. */
  readonly means: readonly Tensor[];
  /** Distances to the memory of each stage and kind [B, G²]; none without a memory. */
  readonly distances: Readonly<Record<Branch, readonly Tensor[]>>;
}

export type Mvfa = Method<MvfaFeatures, MvfaOutputs>;

/**
 * MVFA for one kind of image, whose texts are embedded here, once.
 *
 * @throws {IqeError} `config` if the object's name does not fit the text tower, or a stage not the image tower.
 */
export async function mvfa(
  config: MvfaConfig,
  frozen: FrozenClip,
  runtime: Runtime,
): Promise<Mvfa> {
  const { checkpoint, clip } = frozen;
  const { imageSize, object, masks: hasMasks, stages = quarters(clip.vision.layers) } = config;
  checkStages(stages, clip);
  const start = await frozenImageStart(checkpoint, imageSize);
  const tower = checkpoint.tensors.weights;
  const prompts = ensemblePrompts(compositionalEnsemble, object);
  const texts = await ensembleEmbeddings(prompts, frozen, runtime, true); // t [2, C]

  /** Blocks after `from` up to and with `to`, counted from 1. */
  function blocks(x: Tensor, from: number, to: number): Tensor {
    let stream = x;
    for (let layer = from; layer < to; layer++) stream = imageBlock(stream, layer, tower, clip);
    return stream;
  }

  /** h_l of all stages: the adapted stream x ← 0.8 x + 0.1 y_seg + 0.1 y_det. */
  function adapt({ stream }: MvfaFeatures, weights: Weights) {
    const hidden: Record<Branch, Tensor[]> = { seg: [], det: [] };
    let x = stream;
    for (const [stage, to] of stages.entries()) {
      if (stage > 0) x = blocks(mixed(x, stage - 1, hidden, weights), stages[stage - 1]!, to);
      for (const branch of branches) {
        const down = weights.at(branch).at(stage).at('down');
        hidden[branch].push(leakyRelu(projection(x, down, clip.embeddingWidth)));
      }
    }
    return { hidden, last: x };
  }

  /** softmax(φ(h_l · t / τ))_abnormal: contrast of each patch [B, G²], before the softmax. */
  const contrasts = (hidden: readonly Tensor[]) =>
    hidden.map((h) => {
      const cosines = linear(l2Normalize(withoutClassToken(h)), texts);
      return contrast(multiply(cosines, inverseTemperature));
    });
  const pixels = (x: Tensor) => patchesToPixels(x, imageSize);

  /** What the texts say and what the memory says, by one kind of adapter. */
  function forward(features: MvfaFeatures, weights: Weights, memory?: Tensors): MvfaOutputs {
    const { hidden, last } = adapt(features, weights);
    const maps = contrasts(hidden[hasMasks ? 'seg' : 'det']).map((x) => sigmoid(pixels(x)));
    const means = contrasts(hidden.det).map((x) => mean(sigmoid(x), [1]));
    const nearest = (branch: Branch) =>
      memory
        ? hidden[branch].map((h, stage) =>
            nearestDistance(withoutClassToken(h), memory[`${branch}${stage}`]!),
          )
        : [];
    const outputs = {
      hidden,
      last,
      maps,
      means,
      distances: { seg: nearest('seg'), det: nearest('det') },
      map: maps.reduce(add),
      score: means.reduce(add),
    };
    if (!memory?.['zeroMap.range']) return outputs;

    const parts = partsOf(outputs);
    const scaled = (name: string) => scaledToRange(parts[name]!, memory[`${name}.range`]!);
    const half = (zero: string, few: string) => multiply(add(scaled(zero), scaled(few)), 0.5);
    const map = half('zeroMap', 'fewMap');
    return { ...outputs, map, score: hasMasks ? largestPixel(map) : half('zeroScore', 'fewScore') };
  }

  /** Quantities that are scaled before they are mixed; scores of their own only without masks. */
  function partsOf({ map, score, distances }: MvfaOutputs): Tensors {
    const fewMap = distances[hasMasks ? 'seg' : 'det'].map(pixels).reduce(add);
    if (hasMasks) return { zeroMap: map, fewMap };
    return { zeroMap: map, fewMap, zeroScore: score, fewScore: mean(flatPixels(fewMap), [1]) };
  }

  return {
    name: 'mvfa',
    imageSize,
    inputNormalization: 'none',
    isProbability: false,
    featureSettings: { kind: 'stream', block: stages[0], activation: clip.vision.activation },

    features(pixelValues) {
      const embedded = embedImage({ pixelValues, ...start }, tower, clip);
      return { stream: blocks(normalizeEmbedded(embedded, tower, clip), 0, stages[0]!) };
    },

    forward,

    /** Σ_l BCE(σ(mean_j p_l^det(j)), y) and, with masks, Σ_l Focal(p_l^seg, Y) + Dice(p_l^seg, Y). */
    loss({ means, maps }, labels, masks) {
      const detection = means.map((x) => binaryCrossEntropyWithLogits(x, labels)).reduce(add);
      if (!masks) return detection;
      return maps.map((map) => pixelLoss(map, masks)).reduce(add, detection);
    },

    trains: (parameter, masks) => masks || parameter.startsWith('det.'),

    remember(features, weights) {
      const { hidden } = adapt(features, weights);
      const rows = branches.flatMap((branch) =>
        hidden[branch].map((h, stage) => [`${branch}${stage}`, h] as const),
      );
      return Object.fromEntries(rows);
    },

    ranged: (features, weights, memory) => partsOf(forward(features, weights, memory)),
  };
}

/** x ← 0.8 x + 0.1 y_seg + 0.1 y_det with y = LeakyReLU(h · W₂ᵀ). */
export function mixed(
  x: Tensor,
  stage: number,
  hidden: Readonly<Record<Branch, readonly Tensor[]>>,
  weights: Weights,
): Tensor {
  const width = x.shape.at(-1) as number;
  const adapted = branches.map((branch) => {
    const up = weights.at(branch).at(stage).at('up');
    return multiply(leakyRelu(projection(hidden[branch][stage]!, up, width)), 0.1);
  });
  return adapted.reduce(add, multiply(x, 0.8));
}

/** max(x, 0.01 x) */
function leakyRelu(x: Tensor): Tensor {
  return add(multiply(relu(x), 0.99), multiply(x, 0.01));
}
