import { IqeError } from '../base/errors.js';
import type { SessionOptions } from '../graph/session.js';
import { sameShape } from '../graph/shape.js';
import { type Tensor, weight } from '../graph/tensor.js';
import { Weights } from '../nn/parameters.js';
import { type ClipConfig, parseClipConfig } from './config.js';
import { readSafetensorsHeader, type StoredTensor, toFloat32 } from './safetensors.js';

/** A file of weights: bytes in memory, or on a disk. */
export interface WeightFile {
  /** As graphs name it: relative to {@link SessionOptions.weightFolder}, or a key of `weightBytes`. */
  readonly name: string;
  readonly length: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * A CLIP checkpoint in Hugging Face's format, used in place: graphs refer to its weights by file and
 * offset, and only small tensors (positions, a few token embeddings) are ever read by us.
 */
export class Checkpoint {
  readonly config: ClipConfig;
  /** What a session needs to find the weights. */
  readonly sessionOptions: SessionOptions;
  /** Changes when the weights change: part of the key of cached features. */
  readonly identity: string;
  readonly #where: string;
  readonly #tensors: ReadonlyMap<string, { file: WeightFile; stored: StoredTensor }>;

  private constructor(
    config: ClipConfig,
    sessionOptions: SessionOptions,
    identity: string,
    where: string,
    tensors: ReadonlyMap<string, { file: WeightFile; stored: StoredTensor }>,
  ) {
    this.config = config;
    this.sessionOptions = sessionOptions;
    this.identity = identity;
    this.#where = where;
    this.#tensors = tensors;
  }

  /**
   * Opens a checkpoint from its parts; `openCheckpoint` does so from a folder, {@link fromBytes} from
   * memory.
   *
   * @throws {IqeError} `checkpoint` if a file is damaged.
   */
  static async open(parts: {
    readonly config: string;
    readonly files: readonly WeightFile[];
    readonly sessionOptions: SessionOptions;
    readonly identity: string;
    readonly where: string;
  }): Promise<Checkpoint> {
    const { files, where } = parts;
    const tensors = new Map<string, { file: WeightFile; stored: StoredTensor }>();
    for (const file of files) {
      const header = await readSafetensorsHeader(
        (offset, length) => file.read(offset, length),
        file.length,
        files.length > 1 ? `${where} (${file.name})` : where,
      );
      for (const [name, stored] of header.tensors) tensors.set(name, { file, stored });
    }
    const config = parseClipConfig(parts.config, `${where}: config.json`);
    return new Checkpoint(config, parts.sessionOptions, parts.identity, where, tensors);
  }

  /** Opens a checkpoint whose files are in memory, as in a browser. */
  static fromBytes(
    config: string,
    files: Readonly<Record<string, Uint8Array>>,
    identity: string,
  ): Promise<Checkpoint> {
    return Checkpoint.open({
      config,
      files: Object.entries(files).map(([name, bytes]) => ({
        name,
        length: bytes.length,
        read: async (offset, length) => bytes.subarray(offset, offset + length),
      })),
      sessionOptions: { weightBytes: files },
      identity,
      where: identity,
    });
  }

  /** The frozen weights for graphs, checked against the shapes that the model expects. */
  readonly weights = new Weights((name, shape) => this.#frozen(name, shape));

  /** A frozen weight under another shape of as many elements. */
  reshaped(name: string, storedShape: readonly number[], shape: readonly number[]): Tensor {
    return this.#frozen(name, storedShape, shape);
  }

  /** The values of a small tensor. */
  async read(name: string, shape: readonly number[]): Promise<Float32Array> {
    const { file, stored } = this.#find(name, shape);
    return toFloat32(await file.read(stored.offset, stored.length), stored.dataType);
  }

  /** Some rows of a large matrix [N, C], one after the other. */
  async readRows(
    name: string,
    shape: readonly [number, number],
    rows: readonly number[],
  ): Promise<Float32Array> {
    const { file, stored } = this.#find(name, shape);
    const [count, width] = shape;
    const rowBytes = stored.length / count;
    const values = new Float32Array(rows.length * width);
    for (const [index, row] of rows.entries()) {
      if (!(row >= 0 && row < count)) {
        throw new IqeError(
          'checkpoint',
          `Tensor '${name}' has ${count} rows, row ${row} was asked for.`,
        );
      }
      const bytes = await file.read(stored.offset + row * rowBytes, rowBytes);
      values.set(toFloat32(bytes, stored.dataType), index * width);
    }
    return values;
  }

  #frozen(name: string, storedShape: readonly number[], shape = storedShape): Tensor {
    const { file, stored } = this.#find(name, storedShape);
    return weight({ ...stored, file: file.name }, shape);
  }

  #find(name: string, shape: readonly number[]) {
    const found = this.#tensors.get(name);
    if (!found) {
      throw new IqeError(
        'checkpoint',
        `${this.#where} has no tensor '${name}' [${shape.join(', ')}].`,
        {
          hint: 'It must hold a whole Hugging Face CLIPModel, and config.json must belong to it.',
        },
      );
    }
    if (!sameShape(found.stored.shape, shape)) {
      throw new IqeError(
        'checkpoint',
        `${this.#where}: tensor '${name}' is [${found.stored.shape.join(', ')}], ` +
          `but config.json makes it [${shape.join(', ')}].`,
        { hint: 'The weights and config.json belong to different models.' },
      );
    }
    return found;
  }
}
