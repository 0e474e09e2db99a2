import type { Checkpoint } from '../../clip/checkpoint.js';
import { frozenImageTower } from '../../clip/frozenImageTower.js';
import { normalizePlanes } from '../../clip/preprocess.js';
import { slice } from '../../graph/layout.js';
import { l2Normalize } from '../../graph/normalization.js';
import { compile } from '../../graph/onnx.js';
import type { Runtime, Session } from '../../graph/session.js';
import { input, type Tensor } from '../../graph/tensor.js';
import { layerNormLayer, projection } from '../../nn/layers.js';

/** What a backbone's image tower gives of an image. */
export interface ProbeFeatures {
  /** Of the class token through CLIP's head, unit length [C]. */
  readonly embedding: Float32Array;
  /** Of the last block's patch tokens through the same head, unit length [G², C]. */
  readonly patchEmbeddings: Float32Array;
  /** Patch tokens after each quarter of the blocks [G², D]. */
  readonly stages: readonly Float32Array[];
}

/** The image tower of a backbone, to be probed. */
export class ProbeEncoder {
  readonly imageSize: number;
  readonly #session: Session;

  private constructor(session: Session, imageSize: number) {
    this.#session = session;
    this.imageSize = imageSize;
  }

  static async create(checkpoint: Checkpoint, runtime: Runtime): Promise<ProbeEncoder> {
    const { config, tensors } = checkpoint;
    const { imageSize, layers, layerNormEpsilon } = config.vision;
    const pixelValues = input('pixelValues', [1, 3, imageSize, imageSize]);
    const { hidden, embedding } = await frozenImageTower(checkpoint, pixelValues);
    const patchesOf = (x: Tensor) => slice(x, 1, 1, x.shape[1] as number);
    const norm = tensors.weights.at('vision_model').at('post_layernorm');
    const normed = layerNormLayer(patchesOf(hidden.at(-1)!), norm, layerNormEpsilon);
    const head = tensors.weights.at('visual_projection');
    const outputs: Record<string, Tensor> = {
      embedding: l2Normalize(embedding),
      patchEmbeddings: l2Normalize(projection(normed, head, config.embeddingWidth)),
    };
    for (let quarter = 1; quarter <= 4; quarter++) {
      outputs[`stage${quarter}`] = patchesOf(hidden[Math.ceil((quarter * layers) / 4)]!);
    }
    const session = await runtime.createSession(compile(outputs), checkpoint.sessionOptions);
    return new ProbeEncoder(session, imageSize);
  }

  /** @param planes [3, S, S] in 0…1 */
  async encode(planes: Float32Array): Promise<ProbeFeatures> {
    const data = new Float32Array(planes.length);
    normalizePlanes(planes, 'clip', data);
    const shape = [1, 3, this.imageSize, this.imageSize];
    const results = await this.#session.run({ pixelValues: { data, shape } });
    const { embedding, patchEmbeddings, ...stages } = results;
    return {
      embedding: embedding!.data as Float32Array,
      patchEmbeddings: patchEmbeddings!.data as Float32Array,
      stages: Object.values(stages).map(({ data }) => data as Float32Array),
    };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
