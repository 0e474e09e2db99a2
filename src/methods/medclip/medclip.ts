import type { BertConfig } from '../../backbones/bert.js';
import { medClipImage, medClipPixels, medClipText } from '../../backbones/medclip.js';
import { medClipWeights, type Network } from '../../backbones/network.js';
import { WordPiece } from '../../backbones/wordPiece.js';
import { IqeError } from '../../base/errors.js';
import { multiply, subtract } from '../../graph/elementwise.js';
import { slice } from '../../graph/layout.js';
import { linear } from '../../graph/matmul.js';
import { l2Normalize } from '../../graph/normalization.js';
import { compile } from '../../graph/onnx.js';
import { max, mean } from '../../graph/reduce.js';
import type { Runtime } from '../../graph/session.js';
import { constant, integers, type Tensor } from '../../graph/tensor.js';
import type { FrozenClip, ImageOutputs, Method, Tensors } from '../method.js';
import { clipFeatures } from '../shared/clipFeatures.js';
import { encodePrompts } from '../shared/promptEnsemble.js';

/*
 * MedCLIP (Wang et al. 2022), zero-shot: an image is as abnormal as it is closer to prompts of the abnormal
 * class than to those of the normal one. Whole images are scored; there is no map.
 */

export interface MedClipConfig {
  /** S, 224 in the paper. */
  readonly imageSize: number;
  /** What the images show; prompts name it where they have {}. */
  readonly object: string;
  readonly normalPrompts: readonly string[];
  readonly abnormalPrompts: readonly string[];
  /** How the similarities with the prompts of a class become one. */
  readonly combine: 'mean' | 'max';
}

export type MedClipFeatures = Tensors & {
  /** Unit embedding of the image [B, C]. */
  readonly embedding: Tensor;
};

/** 1/τ where the checkpoint has none, what its training starts with. */
const inverseTemperature = 1 / 0.07;

/**
 * MedCLIP with its own weights, or the same by another CLIP model.
 *
 * @throws {IqeError} `config` if the backbone is a network without texts, or a prompt is too long;
 *   `checkpoint` without BERT's vocabulary.
 */
export async function medClip(
  config: MedClipConfig,
  frozen: FrozenClip,
  runtime: Runtime,
): Promise<Method<MedClipFeatures, ImageOutputs>> {
  const { imageSize, object, combine } = config;
  const named = (prompts: readonly string[]) =>
    prompts.map((text) => text.replaceAll('{}', object));
  const classes = [named(config.normalPrompts), named(config.abnormalPrompts)] as const;
  const sides = frozen.network
    ? await medClipSides(frozen.network, classes, frozen, runtime)
    : await clipSides(imageSize, classes, frozen, runtime);
  const texts = constant(sides.texts, [sides.texts.length / sides.width, sides.width]);
  return {
    name: 'medclip',
    imageSize,
    inputNormalization: sides.inputNormalization,
    isProbability: false,
    featureSettings: { kind: 'medclip', activation: frozen.clip.vision.activation },

    features: (pixelValues) => ({ embedding: sides.embed(pixelValues) }),

    forward({ embedding }) {
      const logits = multiply(linear(embedding, texts), inverseTemperature);
      const [normal, abnormal] = classScores(
        logits,
        [classes[0].length, classes[1].length],
        combine,
      );
      return { score: subtract(abnormal!, normal!) };
    },
  };
}

/**
 * The mean or the largest of the logits of each class's prompts.
 *
 * @param logits [B, P], the prompts of one class after those of the other
 * @param counts How many prompts each class has.
 * @returns [B] for each class
 */
export function classScores(
  logits: Tensor,
  counts: readonly number[],
  combine: 'mean' | 'max',
): Tensor[] {
  let start = 0;
  return counts.map((count) => {
    const own = slice(logits, 1, start, start + count);
    start += count;
    return combine === 'mean' ? mean(own, [1]) : max(own, 1);
  });
}

interface Sides {
  readonly inputNormalization: 'clip' | 'none';
  readonly width: number;
  /** Unit embeddings of all prompts, one after the other. */
  readonly texts: Float32Array;
  embed(pixelValues: Tensor): Tensor;
}

async function clipSides(
  imageSize: number,
  classes: readonly (readonly string[])[],
  frozen: FrozenClip,
  runtime: Runtime,
): Promise<Sides> {
  const { checkpoint, clip } = frozen;
  const features = await clipFeatures(checkpoint, clip, imageSize, []);
  const rows = await encodePrompts(classes.flat(), frozen, runtime);
  const unit = rows.map((row) => {
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
  return {
    inputNormalization: 'clip',
    width: clip.embeddingWidth,
    texts: Float32Array.from(unit.flatMap((row) => [...row])),
    embed: (pixelValues) => l2Normalize(features(pixelValues).embedding),
  };
}

async function medClipSides(
  network: Network,
  classes: readonly (readonly string[])[],
  { checkpoint }: FrozenClip,
  runtime: Runtime,
): Promise<Sides> {
  const { name, tensors, vocabulary } = network;
  if (name !== 'medclip') {
    throw new IqeError('config', `MedCLIP compares images with texts; ${name} reads none.`, {
      hint: 'Give the folder of MedCLIP, or a CLIP model.',
    });
  }
  if (!vocabulary) {
    throw new IqeError('checkpoint', 'The folder of MedCLIP has no vocab.txt.', {
      hint: 'Copy that of emilyalsentzer/Bio_ClinicalBERT there.',
    });
  }
  const text = tensors.weights.at('text_model');
  const weights = { bert: text.at('model'), projection: text.at('projection_head') };
  const config = bertConfigOf(tensors.stored);
  const tokenizer = new WordPiece(vocabulary);
  const rows: Float32Array[] = [];
  for (const prompts of classes) {
    // Padding counts in the mean over positions, and the authors fill up within a class.
    const encoded = prompts.map((prompt) => tokenizer.encode(prompt));
    const length = Math.max(...encoded.map((ids) => ids.length));
    const filled = encoded.flatMap((ids) => [
      ...ids,
      ...new Array<number>(length - ids.length).fill(tokenizer.padding),
    ]);
    const shape = [prompts.length, length];
    const mask = encoded.flatMap((ids) =>
      Array.from({ length }, (_, i) => (i < ids.length ? 1 : 0)),
    );
    const { embedding } = medClipText(
      integers(filled, shape),
      constant(mask, shape),
      weights,
      config,
    );
    const session = await runtime.createSession(compile({ embedding }), {
      ...checkpoint.sessionOptions,
      lean: true,
    });
    rows.push((await session.run({})).embedding!.data as Float32Array);
    await session.release();
  }
  const width = rows[0]!.length / classes[0]!.length;
  return {
    inputNormalization: 'none',
    width,
    texts: Float32Array.from(rows.flatMap((row) => [...row])),
    embed: (pixels) => medClipImage(medClipPixels(pixels), medClipWeights(tensors.weights)),
  };
}

/** The sizes of MedCLIP's BERT from the shapes of its weights; heads of 64 values, as in all BERTs. */
function bertConfigOf(
  stored: readonly { readonly name: string; readonly shape: readonly number[] }[],
): BertConfig {
  const shapes = new Map(stored.map(({ name, shape }) => [name, shape]));
  const shape = (name: string): readonly number[] => {
    const found = shapes.get(`text_model.model.${name}`);
    if (found) return found;
    throw new IqeError('checkpoint', `The weights of MedCLIP have no 'text_model.model.${name}'.`);
  };
  const [vocabularySize, width] = shape('embeddings.word_embeddings.weight') as [number, number];
  const layer = /^text_model\.model\.encoder\.layer\.(\d+)\./;
  const layers = stored.map(({ name }) => Number(layer.exec(name)?.[1] ?? -1));
  return {
    width,
    vocabularySize,
    layers: 1 + Math.max(...layers),
    heads: Math.max(1, width / 64),
    intermediateWidth: shape('encoder.layer.0.intermediate.dense.weight')[0]!,
    maximumLength: shape('embeddings.position_embeddings.weight')[0]!,
    segmentTypes: shape('embeddings.token_type_embeddings.weight')[0]!,
    layerNormEpsilon: 1e-12,
  };
}
