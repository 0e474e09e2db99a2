import { frozenImageStart } from '../../clip/frozenImageTower.js';
import {
  embedImage,
  gridSize,
  imageBlock,
  imageHead,
  normalizeEmbedded,
} from '../../clip/imageTower.js';
import { add, divide, multiply } from '../../graph/elementwise.js';
import { reshape, take, unsqueeze } from '../../graph/layout.js';
import { cosineMatrix } from '../../graph/normalization.js';
import { max } from '../../graph/reduce.js';
import type { Runtime } from '../../graph/session.js';
import type { Dimension } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { withoutClassToken } from '../shared/clipFeatures.js';
import { abnormalProbability, patchesToPixels } from '../shared/maps.js';
import { nearestDistance } from '../shared/memory.js';
import { ensembleEmbeddings, ensemblePrompts, winclipEnsemble } from '../shared/promptEnsemble.js';
import { windowSequences, windowsToPatches } from './windows.js';

/*
 * WinCLIP and, with references, WinCLIP+ (Jeong et al. 2023). B images, G² patches, W windows of k × k
 * patches, C the width of the shared space, D the image tower's.
 */

export interface WinClipConfig {
  /** S, 240 in the paper. */
  readonly imageSize: number;
  /** What the images show, such as 'brain'. */
  readonly object: string;
}

/** τ of the softmax over the two states. */
const temperature = 0.07;

/** Sides k of the windows, in patches. */
const scales = [2, 3] as const;

/** What the frozen tower says of images and of their windows. */
export type WinClipFeatures = Tensors & {
  /** e of the whole image [B, 1, C]. */
  readonly image: Tensor;
  /** e of each window of 2 × 2 patches [B, W, C]. */
  readonly window2: Tensor;
  readonly window3: Tensor;
  /** Patch tokens of the last block, not projected [B, G², D]. */
  readonly patches: Tensor;
};

export interface WinClipOutputs extends MethodOutputs {
  /** s of the image, of each window of 2 × 2 and of each of 3 × 3 patches: [B, 1], [B, W], [B, W]. */
  readonly scores: readonly Tensor[];
  /** The windows' scores on the patches, for both sizes [B, G²]. */
  readonly maps: readonly Tensor[];
  /** The language-guided map M_0 [B, G²]. */
  readonly zeroMap: Tensor;
  /** With references: a of each window of both sizes and of each patch. */
  readonly associations?: readonly Tensor[];
  /** The same on the patches [B, G²]. */
  readonly associationMaps?: readonly Tensor[];
  /** The vision-based map M_f, their mean [B, G²]. */
  readonly fewMap?: Tensor;
}

export type WinClip = Method<WinClipFeatures, WinClipOutputs>;

/**
 * WinCLIP for one kind of object: nothing is trained. The texts are embedded here, once.
 *
 * @throws {IqeError} `config` if the object's name does not fit the text tower.
 */
export async function winClip(
  config: WinClipConfig,
  frozen: FrozenClip,
  runtime: Runtime,
): Promise<WinClip> {
  const { checkpoint, clip } = frozen;
  const { imageSize } = config;
  const { weights } = checkpoint.tensors;
  const grid = gridSize(clip, imageSize);
  const start = await frozenImageStart(checkpoint, imageSize);
  const prompts = ensemblePrompts(winclipEnsemble, config.object);
  const states = await ensembleEmbeddings(prompts, frozen, runtime, false); // t_n, t_a [2, C]

  const allBlocks = (x: Tensor) =>
    Array.from({ length: clip.vision.layers }).reduce<Tensor>(
      (tokens, _, layer) => imageBlock(tokens, layer, weights, clip),
      x,
    );
  const pixels = (map: Tensor) => patchesToPixels(map, imageSize, false);
  /** s(e) = softmax([cos(e, t_n), cos(e, t_a)] / τ)_a: [B, N, C] → [B, N]. */
  const score = (embeddings: Tensor) =>
    abnormalProbability(multiply(cosineMatrix(embeddings, states), 1 / temperature));

  return {
    name: 'winclip',
    imageSize,
    inputNormalization: 'clip',
    isProbability: true,
    featureSettings: { kind: 'winclip', activation: clip.vision.activation },

    features(pixelValues) {
      const embedded = embedImage({ pixelValues, ...start }, weights, clip);
      const tokens = normalizeEmbedded(embedded, weights, clip);
      const batch: Dimension = tokens.shape[0]!;
      const classEmbedding = (x: Tensor) => imageHead(take(x, 1, 0), weights, clip).embedding;
      const window = (k: number) => {
        const pooled = classEmbedding(allBlocks(windowSequences(tokens, grid, k)));
        return reshape(pooled, [batch, (grid - k + 1) ** 2, clip.embeddingWidth]);
      };
      const last = allBlocks(tokens);
      return {
        image: unsqueeze(classEmbedding(last), 1),
        window2: window(2),
        window3: window(3),
        patches: withoutClassToken(last),
      };
    },

    remember: ({ window2, window3, patches }) => ({ window2, window3, patches }),

    forward({ image, window2, window3, patches }, _weights, memory) {
      const windows = [window2, window3];
      const scores = [image, ...windows].map(score);
      const maps = windows.map((_, i) => windowsToPatches(scores[i + 1]!, grid, scales[i]!));
      // M_0 = 3 / (1/s + 1/M_2 + 1/M_3)
      const zeroMap = divide(3, [scores[0]!, ...maps].map((map) => divide(1, map)).reduce(add));
      const imageScore = take(scores[0]!, 1, 0);
      if (!memory) return { scores, maps, zeroMap, map: pixels(zeroMap), score: imageScore };

      // a(x) = min_r (1 − cos(x, r)) / 2
      const association = (tokens: Tensor, name: string) =>
        multiply(nearestDistance(tokens, memory[name]!), 0.5);
      const ofWindows = windows.map((tokens, i) => association(tokens, `window${scales[i]}`));
      const ofPatches = association(patches, 'patches');
      const associationMaps = [
        ...ofWindows.map((each, i) => windowsToPatches(each, grid, scales[i]!)),
        ofPatches,
      ];
      const fewMap = multiply(associationMaps.reduce(add), 1 / 3);
      return {
        scores,
        zeroMap,
        maps,
        associations: [...ofWindows, ofPatches],
        associationMaps,
        fewMap,
        map: pixels(multiply(add(zeroMap, fewMap), 0.5)),
        score: multiply(add(imageScore, max(fewMap, 1)), 0.5),
      };
    },
  };
}
