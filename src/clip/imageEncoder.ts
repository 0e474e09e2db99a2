import { IqeError } from '../base/errors.js';
import { cast } from '../graph/elementwise.js';
import { slice } from '../graph/layout.js';
import { compile } from '../graph/onnx.js';
import type { HostTensor, Runtime, Session } from '../graph/session.js';
import { B } from '../graph/shape.js';
import { constant, input, type Tensor } from '../graph/tensor.js';
import type { Checkpoint } from './checkpoint.js';
import type { ClipConfig } from './config.js';
import { gridSize, type ImageTowerStart, imageTower, resizePositions } from './imageTower.js';

/** What the frozen image tower says of a batch of images. */
export interface ImageFeatures {
  /**
   * Patch tokens F_i of each stage [B, G², D]: the raw output of its block, class token dropped; in
   * half precision (the bits in a Uint16Array), as they are kept and trained on.
   */
  readonly stages: readonly HostTensor[];
  /** x_cls [B, C]: the projected class token, not normalised. */
  readonly embedding: HostTensor;
}

/** Another activation than the checkpoint's, for both towers; see the GELU note in the presets. */
export function withActivation(
  config: ClipConfig,
  activation: 'checkpoint' | 'gelu' | 'quick_gelu',
): ClipConfig {
  if (activation === 'checkpoint') return config;
  return {
    ...config,
    vision: { ...config.vision, activation },
    text: { ...config.text, activation },
  };
}

/** The frozen image tower at one image size, ready to run. */
export class ImageEncoder {
  readonly #session: Session;
  readonly #stageCount: number;

  private constructor(session: Session, stageCount: number) {
    this.#session = session;
    this.#stageCount = stageCount;
  }

  /**
   * @param stages Blocks whose output is a stage, counted from 1.
   * @param imageSize S; the images are S × S.
   * @throws {IqeError} `config` if the tower has no such block, `checkpoint` if a weight does not fit.
   */
  static async create(
    checkpoint: Checkpoint,
    options: {
      readonly imageSize: number;
      readonly stages: readonly number[];
      readonly activation?: 'checkpoint' | 'gelu' | 'quick_gelu';
    },
    runtime: Runtime,
  ): Promise<ImageEncoder> {
    const config = withActivation(checkpoint.config, options.activation ?? 'checkpoint');
    const { layers } = config.vision;
    for (const stage of options.stages) {
      if (stage >= 1 && stage <= layers) continue;
      throw new IqeError('config', `Stage ${stage} is no block of an image tower of ${layers}.`, {
        hint: `Stages are counted from 1 to ${layers} with this backbone.`,
      });
    }
    const pixelValues = input('pixelValues', [B, 3, options.imageSize, options.imageSize]);
    const { hidden, embedding } = await frozenImageTower(checkpoint, pixelValues, config);
    const tokens = hidden[0]!.shape[1] as number;
    const outputs: Record<string, Tensor> = { embedding };
    for (const [index, stage] of options.stages.entries()) {
      outputs[`stage${index}`] = cast(slice(hidden[stage]!, 1, 1, tokens), 'float16');
    }
    const session = await runtime.createSession(compile(outputs), checkpoint.sessionOptions);
    return new ImageEncoder(session, options.stages.length);
  }

  /** @param pixelValues Normalised pixels [B, 3, S, S]. */
  async encode(pixelValues: HostTensor): Promise<ImageFeatures> {
    const results = await this.#session.run({ pixelValues });
    return {
      embedding: results.embedding!,
      stages: Array.from({ length: this.#stageCount }, (_, index) => results[`stage${index}`]!),
    };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** The image tower on a checkpoint's frozen weights, with positions for the size of `pixelValues`. */
export async function frozenImageTower(
  checkpoint: Checkpoint,
  pixelValues: Tensor,
  config: ClipConfig = checkpoint.config,
) {
  const start = await frozenImageStart(checkpoint, pixelValues.shape[3] as number);
  return imageTower({ pixelValues, ...start }, checkpoint.tensors.weights, config);
}

/**
 * The first weights of the image tower for images of `imageSize`.
 *
 * @param interpolation How positions are resized, where it is not CLIP's own way.
 */
export async function frozenImageStart(
  { config, tensors }: Checkpoint,
  imageSize: number,
  interpolation?: Parameters<typeof resizePositions>[3],
): Promise<ImageTowerStart> {
  const { width, patchSize } = config.vision;
  const grid = gridSize(config, imageSize);
  const ownGrid = gridSize(config, config.vision.imageSize);
  const name = 'vision_model.embeddings.position_embedding.weight';
  const own = await tensors.read(name, [1 + ownGrid ** 2, width]);
  const resized = resizePositions(own, width, grid, interpolation);
  const patchEmbedding = tensors.reshaped(
    'vision_model.embeddings.patch_embedding.weight',
    [width, 3, patchSize, patchSize],
    [width, 3 * patchSize * patchSize],
  );
  return { positions: constant(resized, [1 + grid ** 2, width]), patchEmbedding };
}
