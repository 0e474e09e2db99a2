import { IqeError } from '../base/errors.js';
import { sameShape } from '../graph/shape.js';
import { type Tensor, weight } from '../graph/tensor.js';
import { Weights } from '../nn/parameters.js';
import { readSafetensorsHeader, type StoredTensor, toFloat32 } from './safetensors.js';

/** A file of weights: bytes in memory, or on a disk. */
export interface WeightFile {
  /** As graphs name it: relative to `SessionOptions.weightFolder`, or a key of `weightBytes`. */
  readonly name: string;
  readonly length: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

interface Entry {
  readonly file: WeightFile;
  readonly stored: StoredTensor;
}

/**
 * The tensors of one or several `.safetensors` files, used in place: graphs refer to them by file and
 * offset, and only small ones (positions, a few token embeddings) are ever read by us.
 */
export class WeightFiles {
  readonly #where: string;
  readonly #tensors: ReadonlyMap<string, Entry>;

  private constructor(where: string, tensors: ReadonlyMap<string, Entry>) {
    this.#where = where;
    this.#tensors = tensors;
  }

  /**
   * Reads the files' headers.
   *
   * @param where Named in errors.
   * @throws {IqeError} `checkpoint` if a file is damaged.
   */
  static async open(files: readonly WeightFile[], where: string): Promise<WeightFiles> {
    const tensors = new Map<string, Entry>();
    for (const file of files) {
      const header = await readSafetensorsHeader(
        (offset, length) => file.read(offset, length),
        file.length,
        files.length > 1 ? `${where} (${file.name})` : where,
      );
      for (const [name, stored] of header.tensors) tensors.set(name, { file, stored });
    }
    return new WeightFiles(where, tensors);
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
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
          hint: 'The weights are incomplete, or belong to another model than their configuration.',
        },
      );
    }
    if (!sameShape(found.stored.shape, shape)) {
      throw new IqeError(
        'checkpoint',
        `${this.#where}: tensor '${name}' is [${found.stored.shape.join(', ')}], ` +
          `but the model needs [${shape.join(', ')}].`,
        { hint: 'The weights and their configuration belong to different models.' },
      );
    }
    return found;
  }
}
