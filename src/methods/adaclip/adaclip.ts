import { IqeError } from '../../base/errors.js';
import { frozenImageStart } from '../../clip/frozenImageTower.js';
import {
  embedImage,
  gridSize,
  imageBlock,
  imageHead,
  imageTower,
  normalizeEmbedded,
} from '../../clip/imageTower.js';
import { add, multiply, sigmoid } from '../../graph/elementwise.js';
import { concat, reshape, slice, take, transposeLast, unsqueeze } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { l2Normalize } from '../../graph/normalization.js';
import type { HostTensor } from '../../graph/session.js';
import { B, type Dimension, times } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { linearLayer } from '../../nn/layers.js';
import { agreement, focalLoss } from '../../nn/losses.js';
import { normal, type Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { checkStages, quarters, withoutClassToken } from '../shared/clipFeatures.js';
import { contrast, patchesToPixels, smooth } from '../shared/maps.js';
import { neededMasks, pixelLoss } from '../shared/pixelLoss.js';
import { sharpCubicInterpolation } from './positions.js';
import { fusionWeights } from './semanticFusion.js';
import { promptedStates, promptedTexts } from './textPrompts.js';

/*
 * AdaCLIP (Cao et al. 2024). B images, G² patches, J blocks with prompts of length L, C the width of
 * the shared space, D a tower's.
 */

export interface AdaClipConfig {
  /** S, 518 in the paper. */
  readonly imageSize: number;
  /** Blocks l whose patch tokens are used, counted from 1; every quarter of the depth by default. */
  readonly stages?: readonly number[];
  /** What the images show, such as 'brain'. */
  readonly object: string;
  /** J, at most as many as either tower has blocks; 4 in the paper. */
  readonly depth: number;
  /** L, 5 in the paper. */
  readonly length: number;
  /** K clusters of the hybrid semantic fusion, 20 in the paper. */
  readonly clusters: number;
}

/** 1/τ, what CLIP's training ended with. */
const inverseTemperature = 100;
/** Share of the fused patches in the image's feature. */
const fusedShare = 0.2;
/** σ of the smoothing of maps, in pixels. */
const smoothing = 4;

export type AdaClipFeatures = Tensors & {
  /** The class token of the tower without prompts, projected [B, C]. */
  readonly embedding: Tensor;
  /** What goes into the first block [B, 1 + G², D]. */
  readonly tokens: Tensor;
};

export interface AdaClipOutputs extends MethodOutputs {
  /** Dynamic prompts of the image and text tower [B, L, D]. */
  readonly imagePrompts: Tensor;
  readonly textPrompts: Tensor;
  /** Raw tokens of each stage without the prompts [B, 1 + G², D]. */
  readonly stages: readonly Tensor[];
  /** The class token of the tower with prompts, in the shared space [B, C]. */
  readonly prompted: Tensor;
  /** t of both states [B, 2, C]. */
  readonly texts: Tensor;
  /** Projected patch tokens of each stage, unit length [B, G², C]. */
  readonly patches: readonly Tensor[];
  /** Cosines with the texts over τ, of each stage [B, G², 2]: normal, abnormal. */
  readonly logits: readonly Tensor[];
  /** Probability of `abnormal` of each stage [B, S, S]. */
  readonly maps: readonly Tensor[];
  /** The projected class token, the fused patches and both together, unit length [B, C]. */
  readonly classToken: Tensor;
  readonly fused: Tensor;
  readonly image: Tensor;
  /** The map before smoothing [B, S, S]. */
  readonly unsmoothed: Tensor;
}

export type AdaClip = Method<AdaClipFeatures, AdaClipOutputs>;

/**
 * AdaCLIP for one kind of object.
 *
 * @throws {IqeError} `config` if the object's name does not fit the text tower, or stages or depth
 *   not the towers.
 */
export async function adaClip(config: AdaClipConfig, frozen: FrozenClip): Promise<AdaClip> {
  const { checkpoint, clip } = frozen;
  const { imageSize, object, depth, length, clusters } = config;
  const blocks = config.stages ?? quarters(clip.vision.layers);
  checkStages(blocks, clip);
  checkDepth(depth, frozen);
  const start = await frozenImageStart(checkpoint, imageSize, sharpCubicInterpolation);
  const texts = await promptedTexts(object, length, frozen);
  const tower = checkpoint.tensors.weights;
  const grid = gridSize(clip, imageSize);

  /** L heads on the image's own embedding, the same for all blocks: [B, L, width]. */
  function dynamicPrompts(embedding: Tensor, weights: Weights, width: number): Tensor {
    const heads = Array.from({ length }, (_, head) =>
      unsqueeze(linearLayer(embedding, weights.at(head), width), 1),
    );
    return concat(heads, 1);
  }

  /** Static and dynamic prompts of the blocks from `first` to J − 1. */
  function prompts(dynamic: Tensor, weights: Weights, first: number): Tensor[] {
    const width = dynamic.shape.at(-1) as number;
    return Array.from({ length: depth - first }, (_, i) =>
      add(dynamic, weights.get(`${first + i}`, [length, width], normal(0.02))),
    );
  }

  /** The image tower with prompts behind the tokens, new ones before each of the first J blocks. */
  function promptedImageTower(tokens: Tensor, own: readonly Tensor[]): Tensor[] {
    const count = tokens.shape[1] as number;
    const hidden: Tensor[] = [];
    let x = tokens;
    for (let layer = 0; layer < clip.vision.layers; layer++) {
      const prompt = own[layer];
      if (prompt) x = concat([slice(x, 1, 0, count), prompt], 1);
      x = imageBlock(x, layer, tower, clip);
      hidden.push(slice(x, 1, 0, count));
    }
    return hidden;
  }

  /** x · t / τ for x of unit length: [B, N, C], [B, 2, C] → [B, N, 2]. */
  const similarities = (x: Tensor, states: Tensor) =>
    multiply(matmul(x, transposeLast(states)), inverseTemperature);

  /** All but the fusion, which waits for the clusters. */
  function dense({ embedding, tokens }: AdaClipFeatures, weights: Weights) {
    const dynamic = weights.at('dynamic');
    const fixed = weights.at('static');
    const imagePrompts = dynamicPrompts(embedding, dynamic.at('image'), clip.vision.width);
    const textPrompts = dynamicPrompts(embedding, dynamic.at('text'), clip.text.width);

    const hidden = promptedImageTower(tokens, prompts(imagePrompts, fixed.at('image'), 0));
    const stages = blocks.map((block) => hidden[block - 1]!);
    const project = (x: Tensor, own: Weights) =>
      l2Normalize(linearLayer(x, own, clip.embeddingWidth));
    const patches = stages.map((x, stage) =>
      project(withoutClassToken(x), weights.at('patches').at(stage)),
    );
    const own = prompts(textPrompts, fixed.at('text'), 1);
    const states = promptedStates(texts, own, embedding, frozen);
    const logits = patches.map((x) => similarities(x, states));
    const { embedding: prompted } = imageHead(take(hidden.at(-1)!, 1, 0), tower, clip);
    const classToken = project(prompted, weights.at('class'));
    return {
      imagePrompts,
      textPrompts,
      stages,
      prompted,
      texts: states,
      patches,
      logits,
      classToken,
    };
  }

  return {
    name: 'adaclip',
    imageSize,
    inputNormalization: 'clip',
    isProbability: true,
    featureSettings: { kind: 'adaclip', activation: clip.vision.activation },

    features(pixelValues) {
      const inputs = { pixelValues, ...start };
      const { embedding } = imageTower(inputs, tower, clip);
      return { embedding, tokens: normalizeEmbedded(embedImage(inputs, tower, clip), tower, clip) };
    },

    /** Which patches are fused, and how much each of them counts: a constant for gradients. */
    interlude: {
      reads(features, weights) {
        const { patches, logits } = dense(features, weights);
        const stages = patches.map((x, stage) => [`patches${stage}`, x] as const);
        return { abnormal: contrast(average(logits)), ...Object.fromEntries(stages) };
      },
      outputs: { fusion: [B, grid * grid] },
      gives({ abnormal, ...patches }, random) {
        const [batch, count] = abnormal!.shape as [number, number];
        const data = new Float32Array(batch * count);
        for (let image = 0; image < batch; image++) {
          const row = (values: HostTensor) => {
            const size = values.data.length / batch;
            return (values.data as Float32Array).subarray(image * size, (image + 1) * size);
          };
          const tokens = blocks.map((_, stage) => row(patches[`patches${stage}`]!));
          data.set(fusionWeights(row(abnormal!), tokens, clusters, random), image * count);
        }
        return { fusion: { data, shape: [batch, count] } };
      },
    },

    forward(features, weights) {
      const parts = dense(features, weights);
      const { patches, logits, classToken, texts: states } = parts;
      // Σ_j w_j · mean_l x_l(j)
      const fusion = unsqueeze(features.fusion!, 1); // [B, 1, G²]
      const fused = l2Normalize(take(matmul(fusion, average(patches)), 1, 0));
      const mixture = add(multiply(fused, fusedShare), multiply(classToken, 1 - fusedShare));
      const image = l2Normalize(mixture);
      const imageLogits = take(similarities(unsqueeze(image, 1), states), 1, 0);

      const pixels = (x: Tensor) => sigmoid(patchesToPixels(contrast(x), imageSize));
      const unsmoothed = pixels(average(logits));
      return {
        ...parts,
        maps: logits.map(pixels),
        fused,
        image,
        unsmoothed,
        map: smooth(unsmoothed, smoothing),
        score: sigmoid(contrast(imageLogits)),
      };
    },

    /** Focal(s, y) + Σ_l Focal(M_l, Y) + Dice(M_l, Y) + Dice(1 − M_l, 1 − Y), Dice row by row. */
    loss({ score, maps }, labels, masks) {
      const known = rows(neededMasks(masks, 'adaclip'));
      const classification = focalLoss(agreement(score, labels));
      return maps.map((map) => pixelLoss(rows(map), known, true)).reduce(add, classification);
    },
  };
}

function checkDepth(depth: number, { clip }: FrozenClip): void {
  const most = Math.min(clip.vision.layers, clip.text.layers);
  if (depth >= 1 && depth <= most) return;
  throw new IqeError('config', `Prompts in ${depth} blocks do not fit towers of ${most}.`, {
    hint: `Choose a depth from 1 to ${most} with this backbone.`,
  });
}

function average(x: readonly Tensor[]): Tensor {
  return multiply(x.reduce(add), 1 / x.length);
}

/** Each row of each map for itself, as the authors' Dice loss sees the one image of a batch. */
function rows(map: Tensor): Tensor {
  const [batch, height, width] = map.shape as [Dimension, number, number];
  return reshape(map, [times(batch, height), width]);
}
