import { add, multiply, sigmoid } from '../../graph/elementwise.js';
import { linear } from '../../graph/matmul.js';
import { l2Normalize } from '../../graph/normalization.js';
import type { Runtime } from '../../graph/session.js';
import type { Tensor } from '../../graph/tensor.js';
import { linearLayer } from '../../nn/layers.js';
import type { Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import {
  type ClipFeatures,
  clipFeatureSettings,
  clipFeatures,
  quarters,
  stageTokens,
} from '../shared/clipFeatures.js';
import { abnormalProbability, contrast, largestPixel, patchesToPixels } from '../shared/maps.js';
import { nearestDistance } from '../shared/memory.js';
import { neededMasks, pixelLoss } from '../shared/pixelLoss.js';
import {
  compositionalEnsemble,
  ensembleEmbeddings,
  ensemblePrompts,
} from '../shared/promptEnsemble.js';
import { scaledToRange } from '../shared/range.js';

/*
 * APRIL-GAN (Chen et al. 2023), zero-shot and with a memory of normal images. B images, G² patches,
 * C the width of the shared space, D the image tower's.
 */

export interface AprilGanConfig {
  /** S, 518 in the paper. */
  readonly imageSize: number;
  /** Blocks l whose patch tokens are used, counted from 1; every quarter of the depth by default. */
  readonly stages?: readonly number[];
  /** What the images show, such as 'brain'. */
  readonly object: string;
}

/** 1/τ, what CLIP's training ended with. */
const inverseTemperature = 100;

export interface AprilGanOutputs extends MethodOutputs {
  /** W_l x_l + b_l of each stage [B, G², C]. */
  readonly projected: readonly Tensor[];
  /** Cosines with the texts over τ, of each stage [B, G², 2]: normal, abnormal. */
  readonly logits: readonly Tensor[];
  /** M_l, probability of `abnormal` [B, S, S]. */
  readonly maps: readonly Tensor[];
  /** The image's own score, by its class token [B]. */
  readonly clipScore: Tensor;
  /** Distances to the memory of each stage [B, G²]; none without a memory. */
  readonly distances: readonly Tensor[];
}

export type AprilGan = Method<ClipFeatures, AprilGanOutputs>;

/**
 * APRIL-GAN for one kind of object, whose texts are embedded here, once.
 *
 * @throws {IqeError} `config` if the object's name does not fit the text tower, or a stage not the image tower.
 */
export async function aprilGan(
  config: AprilGanConfig,
  frozen: FrozenClip,
  runtime: Runtime,
): Promise<AprilGan> {
  const { checkpoint, clip } = frozen;
  const { imageSize, object, stages = quarters(clip.vision.layers) } = config;
  const features = await clipFeatures(checkpoint, clip, imageSize, stages);
  const prompts = ensemblePrompts(compositionalEnsemble, object);
  const texts = await ensembleEmbeddings(prompts, frozen, runtime, true); // t [2, C]

  /** x · t / τ for x of unit length: [..., C] → [..., 2]. */
  const similarities = (x: Tensor) => multiply(linear(l2Normalize(x), texts), inverseTemperature);

  function forward(features: ClipFeatures, weights: Weights, memory?: Tensors): AprilGanOutputs {
    const tokens = stageTokens(features);
    const projected = tokens.map((x, stage) =>
      linearLayer(x, weights.at('projections').at(stage), clip.embeddingWidth),
    );
    const logits = projected.map(similarities);
    // M_l = softmax(φ(x_l · t / τ))
    const maps = logits.map((x) => sigmoid(patchesToPixels(contrast(x), imageSize)));
    // Σ_l min_b 1 − cos(x_l, b)
    const distances = memory
      ? tokens.map((x, stage) => nearestDistance(x, memory[`stage${stage}`]!))
      : [];
    const map = [...maps, ...distances.map((x) => patchesToPixels(x, imageSize))].reduce(add);
    const clipScore = abnormalProbability(similarities(features.embedding));
    const range = memory?.['mapMaximum.range'];
    const score = range
      ? multiply(add(clipScore, scaledToRange(largestPixel(map), range)), 0.5)
      : clipScore;
    return { projected, logits, maps, clipScore, distances, map, score };
  }

  return {
    name: 'april-gan',
    imageSize,
    inputNormalization: 'clip',
    isProbability: false,
    featureSettings: clipFeatureSettings(clip, stages),
    features,
    forward,
    /** Σ_l Focal(M_l, Y) + Dice(M_l, Y) */
    loss({ maps }, _labels, masks) {
      const known = neededMasks(masks, 'april-gan');
      return maps.map((map) => pixelLoss(map, known)).reduce(add);
    },
    remember: ({ embedding, ...stages }) => stages,
    ranged: (features, weights, memory) => ({
      mapMaximum: largestPixel(forward(features, weights, memory).map),
    }),
  };
}
