import { IqeError } from '../base/errors.js';
import { sameShape } from '../graph/shape.js';
import { type Tensor, weight } from '../graph/tensor.js';
import { Weights } from '../nn/parameters.js';
import { type StoredTensor, toFloat32 } from './storedTensor.js';
import { readStoredTensors } from './weightFormats.js';

/** A file of weights: bytes in memory, or on a disk. */
export interface WeightFile {
  /** As graphs name it: relative to `SessionOptions.weightFolder`, or a key of `weightBytes`. */
  readonly name: string;
  /** As errors name it. */
  readonly where: string;
  readonly length: number;
  /** Gives `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

interface Entry {
  readonly file: WeightFile;
  readonly stored: StoredTensor;
}

/**
 * The tensors of one or several files (`.safetensors`, or what `torch.save` wrote), used in place:
 * graphs refer to them by file and offset, and only small ones (positions, a few token embeddings)
 * are ever read by us.
 */
export class WeightFiles {
  readonly #where: string;
  readonly #tensors: ReadonlyMap<string, Entry>;
  readonly #replaced: ReadonlyMap<string, Tensor>;

  private constructor(
    where: string,
    tensors: ReadonlyMap<string, Entry>,
    replaced: ReadonlyMap<string, Tensor> = new Map(),
  ) {
    this.#where = where;
    this.#tensors = tensors;
    this.#replaced = replaced;
  }

  /**
   * Reads where the files' tensors lie.
   *
   * @param where The files' folder, for errors.
   * @throws {IqeError} `checkpoint` if a file is damaged or of another format.
   */
  static async open(files: readonly WeightFile[], where: string): Promise<WeightFiles> {
    const tensors = new Map<string, Entry>();
    for (const file of files) {
      const read = (offset: number, length: number) => file.read(offset, length);
      const stored = await readStoredTensors(read, file.length, file.where);
      for (const tensor of stored.values()) tensors.set(tensor.name, { file, stored: tensor });
    }
    return new WeightFiles(where, tensors);
  }

  /** The same files, but graphs get other tensors for some names: quantised ones. */
  replacing(tensors: ReadonlyMap<string, Tensor>): WeightFiles {
    return new WeightFiles(this.#where, this.#tensors, tensors);
  }

  /** The same files with other names for some tensors; those without a new name keep theirs. */
  renamed(newName: (name: string) => string | undefined): WeightFiles {
    const tensors = Array.from(this.#tensors, ([name, { file, stored }]): [string, Entry] => {
      const own = newName(name) ?? name;
      return [own, { file, stored: { ...stored, name: own } }];
    });
    return new WeightFiles(this.#where, new Map(tensors), this.#replaced);
  }

  /** Where each file is, as errors name it. */
  get paths(): readonly string[] {
    return [...new Set(Array.from(this.#tensors.values(), ({ file }) => file.where))];
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** What the files hold, whether the model needs it or not. */
  get stored(): readonly StoredTensor[] {
    return Array.from(this.#tensors.values(), ({ stored }) => stored);
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
    return this.#replaced.get(name) ?? weight({ ...stored, file: file.name }, shape);
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
    const { where } = found.file;
    const { shape: storedShape, dataType } = found.stored;
    if (!sameShape(storedShape, shape)) {
      throw new IqeError(
        'checkpoint',
        `${where}: tensor '${name}' is [${storedShape.join(', ')}], ` +
          `but the model needs [${shape.join(', ')}].`,
        { hint: 'The weights and their configuration belong to different models.' },
      );
    }
    if (!dataType.includes('float')) {
      throw new IqeError(
        'checkpoint',
        `${where}: tensor '${name}' holds ${dataType}, but the model needs floats.`,
        { hint: 'Quantised weights cannot be used: give those that they were made from.' },
      );
    }
    return found;
  }
}
