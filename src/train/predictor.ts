import type { Checkpoint } from '../clip/checkpoint.js';
import { frozenImageTower, withActivation } from '../clip/imageEncoder.js';
import { normalizePlanes } from '../clip/preprocess.js';
import { slice } from '../graph/layout.js';
import { compile } from '../graph/onnx.js';
import type { HostTensor, Runtime, Session } from '../graph/session.js';
import { B } from '../graph/shape.js';
import { input } from '../graph/tensor.js';
import type { ModelConfig } from '../iqe/config.js';
import { iqeClip } from '../iqe/model.js';
import type { PromptTemplate } from '../iqe/prompts.js';
import type { Weights } from '../nn/parameters.js';
import { stageBlocks } from './trainingStep.js';

/** What the model says of one image, before calibration. */
export interface RawPrediction {
  /** S in 0…1 as the method defines it. */
  readonly score: number;
  /** M [S, S] in 0…1. */
  readonly map: Float32Array;
}

/**
 * From so many images on it pays to pack the weights: for ViT-L/14 on two cores that takes as long as
 * three images, and each image then takes a tenth less.
 */
const imagesWorthPacking = 30;

/** The whole model from pixels to anomaly map as one session. */
export class Predictor {
  readonly imageSize: number;
  readonly #session: Session;
  readonly #normalization: 'clip' | 'none';

  private constructor(session: Session, config: ModelConfig) {
    this.#session = session;
    this.imageSize = config.imageSize;
    this.#normalization = config.inputNormalization;
  }

  /**
   * @param trained The trained weights: part of the graph, or in files that the checkpoint's session
   *   options lead to as well.
   */
  static async create(
    parts: {
      readonly checkpoint: Checkpoint;
      readonly prompt: PromptTemplate;
      readonly model: ModelConfig;
      readonly trained: Weights;
      /** How many images will be scored, where that is known. */
      readonly images?: number | undefined;
    },
    runtime: Runtime,
  ): Promise<Predictor> {
    const { checkpoint, prompt, model } = parts;
    const clip = withActivation(checkpoint.config, model.activation);
    const pixelValues = input('pixelValues', [B, 3, model.imageSize, model.imageSize]);
    const { hidden, embedding } = await frozenImageTower(checkpoint, pixelValues, clip);
    const stages = stageBlocks(model, clip.vision.layers).map((block) => {
      const tokens = hidden[block]!;
      return slice(tokens, 1, 1, tokens.shape[1] as number);
    });
    const text = { clip, weights: checkpoint.tensors.weights, prompt };
    const { anomalyMap, score } = iqeClip({ embedding, stages }, text, parts.trained, model);
    const session = await runtime.createSession(compile({ anomalyMap, score }), {
      ...checkpoint.sessionOptions,
      lean: parts.images !== undefined && parts.images < imagesWorthPacking,
    });
    return new Predictor(session, model);
  }

  /** @param images Planes [3, S, S] in 0…1 of each image. */
  async predict(images: readonly Float32Array[]): Promise<RawPrediction[]> {
    const size = this.imageSize;
    const data = new Float32Array(images.length * 3 * size * size);
    for (const [index, planes] of images.entries()) {
      const row = data.subarray(index * planes.length, (index + 1) * planes.length);
      normalizePlanes(planes, this.#normalization, row);
    }
    const pixelValues: HostTensor = { data, shape: [images.length, 3, size, size] };
    const { score, anomalyMap } = await this.#session.run({ pixelValues });
    const maps = anomalyMap!.data as Float32Array;
    return images.map((_, index) => ({
      score: score!.data[index] as number,
      map: maps.slice(index * size * size, (index + 1) * size * size),
    }));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
