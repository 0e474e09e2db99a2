import type { Network } from '../backbones/network.js';
import type { Random } from '../base/random.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import type { ClipConfig } from '../clip/config.js';
import type { Tokenizer } from '../clip/tokenizer.js';
import type { HostTensors } from '../graph/session.js';
import type { Shape } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';
import type { BatchStatistics } from '../nn/convolution.js';
import type { Dropout } from '../nn/dropout.js';
import type { Weights } from '../nn/parameters.js';

/** The CLIP that a method is made on; none of it is trained. */
export interface FrozenClip {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  /** The checkpoint's configuration, possibly with another activation. */
  readonly clip: ClipConfig;
  /** Another network, whose feature maps are used instead of the image tower's. */
  readonly network?: Network | undefined;
}

/** Symbolic tensors by name, the batch first in each. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** What a method must be given. */
export interface MethodNeeds {
  /** The images that it learns from. */
  readonly images: 'none' | 'normal' | 'normal and abnormal';
  /** Masks of the abnormal ones; `optional` where it also learns from labels alone. */
  readonly masks: 'no' | 'optional' | 'yes';
  /** Whether its prompts name what the images show. */
  readonly className: boolean;
  /** Normal images that are remembered and compared with. */
  readonly references: 'no' | 'optional' | 'yes';
  /** Whether it also takes feature maps of a network that is no CLIP. */
  readonly network?: boolean;
  /** `false` where it scores whole images and gives no map. */
  readonly map?: false;
}

/** What every method says of a batch of images. */
export interface ImageOutputs {
  /** Image score [B], larger where more abnormal. */
  readonly score: Tensor;
  /** Anomaly map [B, S, S], larger where more abnormal; none of methods that score whole images. */
  readonly map?: Tensor;
}

/** What most methods say. */
export interface MethodOutputs extends ImageOutputs {
  readonly map: Tensor;
}

/** How its authors train a method. */
export interface TrainingSettings {
  readonly learningRate: number;
  /** That of temperatures, where it is another. */
  readonly temperatureLearningRate?: number;
  readonly betas: readonly [number, number];
  /** Decoupled (AdamW); 0 is plain Adam. */
  readonly weightDecay: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Views of each image, where the authors take it as it is. */
  readonly augmentations?: readonly ['identity'];
}

/**
 * A method as graphs on one backbone, at one image size, for one kind of image: what depends on no
 * image (texts, positions) was computed when the object was made.
 *
 * An image goes through {@link features}, which a cache may keep, then {@link interlude} where there is
 * one, then {@link forward}. A method with references first has {@link remember} run on each of them;
 * the rows of all are its memory, thinned by {@link select}; then {@link ranged} is run on the support
 * images, and the smallest and largest value of each quantity join the memory as `NAME.range` [2].
 */
export interface Method<
  Features extends Tensors = Tensors,
  Outputs extends ImageOutputs = ImageOutputs,
> {
  readonly name: string;
  /** S: images are S × S. */
  readonly imageSize: number;
  readonly inputNormalization: 'clip' | 'none';
  /** Whether the values of maps are in 0…1 whatever the image. */
  readonly isProbability: boolean;
  /**
   * What {@link features} depends on besides backbone, image size and normalisation, as JSON: methods
   * that agree in it share features in a cache.
   */
  readonly featureSettings: Readonly<Record<string, unknown>>;
  /** Rate of dropout in training, where the method has any. */
  readonly dropout?: number;

  /**
   * The frozen part, in which nothing is trained.
   *
   * @param pixelValues Normalised pixels [B, 3, S, S].
   */
  features(pixelValues: Tensor): Features;

  /** A step between features and forward that is no graph. */
  readonly interlude?: Interlude<Features>;

  /**
   * From features to map and score, and all that {@link loss} reads.
   *
   * @param weights The trained parameters.
   * @param memory What {@link remember} (and {@link select}, {@link ranged}) left: [N, C] each.
   * @param dropout Of rate {@link dropout} in training; nothing is dropped without it.
   * @param statistics Puts batch norm into training mode; running statistics are used without it.
   */
  forward(
    features: Features,
    weights: Weights,
    memory?: Tensors,
    dropout?: Dropout,
    statistics?: BatchStatistics,
  ): Outputs;

  /**
   * The embeddings that an image is compared with, by name: [B, 2, C], normal and abnormal. Only
   * methods have them whose embeddings depend on the image.
   */
  embeddings?(outputs: Outputs): Tensors;

  /**
   * The training loss, a scalar. It may read {@link currentEpoch}.
   *
   * @param labels [B], 1 where abnormal
   * @param masks [B, S, S], 1 where abnormal; none for a set that has only labels
   */
  loss?(outputs: Outputs, labels: Tensor, masks: Tensor | undefined): Tensor;

  /**
   * Whether a step on images with or without masks trains a parameter; all that the loss depends on
   * are trained where this is left out.
   */
  trains?(parameter: string, masks: boolean): boolean;

  /**
   * A training image made of a normal one, for methods that learn from normal images alone: drawn anew
   * each time that an image is used, with an anomaly or, at times, without.
   *
   * @param normal Planes [3, S, S] in 0…1 of all normal images.
   * @param index Which of them is changed.
   */
  synthesise?(normal: readonly Float32Array[], index: number, random: Random): SyntheticImage;

  /**
   * The label of such images for a method that learns from them beside the given ones; without it, they
   * are all that it learns from, and abnormal where something was drawn.
   */
  readonly synthesisedLabel?: number;

  /** Start values of parameters that were trained before, by name. */
  readonly startValues?: HostTensors;

  /** What is kept of a normal image, by name: rows [B, N, C]. */
  remember?(features: Features, weights: Weights): Tensors;

  /** Chooses among the rows [N, C] of all references; all are kept without it. */
  select?(rows: HostTensors, random: Random, signal?: AbortSignal): HostTensors;

  /**
   * Quantities that are scaled to 0…1 by their smallest and largest value over a set of images before
   * they are mixed. The authors of such methods take the test set; here it is the support images,
   * so that the score of an image does not depend on which others are scored.
   */
  ranged?(features: Features, weights: Weights, memory: Tensors): Tensors;
}

/** Whole epochs that a training has done before this step: a scalar that a trainer feeds. */
export function currentEpoch(): Tensor {
  return input('epoch', []);
}

/** A normal image with an anomaly that was drawn into it, or without. */
export interface SyntheticImage {
  /** [3, S, S] in 0…1. */
  readonly planes: Float32Array;
  /** [S, S], 1 where the image was changed. */
  readonly mask: Float32Array;
}

/** A step outside of a graph whose result is a constant for gradients, such as a clustering. */
export interface Interlude<Features extends Tensors = Tensors> {
  /** What it reads, as a graph. */
  reads(features: Features, weights: Weights): Tensors;
  /** Names and shapes of what it gives; {@link Method.forward} finds it among the features. */
  readonly outputs: Readonly<Record<string, Shape>>;
  gives(values: HostTensors, random: Random): HostTensors;
}
