import type { DataType } from '../../src/graph/tensor.js';
import { uint, writeZip, type ZipFile, type ZipOptions } from './zipWriter.js';

/** What {@link pickle} writes: arrays become tuples, maps dicts, whole numbers integers. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | readonly Pickled[]
  | ReadonlyMap<Pickled, Pickled>
  | { readonly list: readonly Pickled[] }
  /** `module name` */
  | { readonly global: string }
  | { readonly call: Pickled; readonly with: Pickled }
  /** An OrderedDict, which may have a state. */
  | { readonly ordered: ReadonlyMap<Pickled, Pickled>; readonly state?: Pickled }
  | { readonly persistent: Pickled };

/** A value pickled with protocol 2, in the way that `torch.save` does it. */
export function pickle(value: Pickled): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0x80, 2, ...new Pickler().write(value), ...ascii('.')]);
}

/** Numbers as a tensor; the storage is `data/KEY` of the archive. */
export interface TorchTensor {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly key: string;
  /** Elements of the storage, and where in it the tensor begins. */
  readonly elements?: number;
  readonly offset?: number;
  /** Default: contiguous. */
  readonly stride?: readonly number[];
}

const storages: Record<DataType, string> = {
  float32: 'Float',
  float16: 'Half',
  bfloat16: 'BFloat16',
  int32: 'Int',
  int64: 'Long',
  uint8: 'Byte',
  int8: 'Char',
  bool: 'Bool',
};

/** A tensor as PyTorch pickles it. */
export function pickledTensor(tensor: TorchTensor): Pickled {
  const { dataType, shape, key, offset = 0 } = tensor;
  const elements = tensor.elements ?? product(shape);
  const stride = tensor.stride ?? shape.map((_, axis) => product(shape.slice(axis + 1)));
  const type = { global: `torch ${storages[dataType]}Storage` };
  const persistent = ['storage', type, key, 'cpu', elements];
  return {
    call: { global: 'torch._utils _rebuild_tensor_v2' },
    with: [{ persistent }, offset, shape, stride, false, { ordered: new Map() }],
  };
}

/** A state dict as PyTorch pickles it, with the `_metadata` that modules leave behind. */
export function pickledStateDict(entries: Iterable<readonly [string, Pickled]>): Pickled {
  const metadata = { ordered: new Map([['', new Map([['version', 1]])]]) };
  return { ordered: new Map(entries), state: new Map([['_metadata', metadata]]) };
}

/** A file of `torch.save`: an archive of `data.pkl` and storages by key. */
export function writeTorchArchive(
  state: Pickled,
  contents: Readonly<Record<string, Uint8Array>>,
  options: ZipOptions & { readonly root?: string; readonly more?: readonly ZipFile[] } = {},
): Uint8Array<ArrayBuffer> {
  const { root = 'pytorch_model', more = [] } = options;
  const text = (name: string, value: string) => ({ name, bytes: Uint8Array.from(ascii(value)) });
  const files: ZipFile[] = [
    { name: 'data.pkl', bytes: pickle(state) },
    text('byteorder', 'little'),
    ...Object.entries(contents).map(([key, bytes]) => ({ name: `data/${key}`, bytes })),
    text('version', '3\n'),
  ];
  const kept = files.filter(({ name }) => !more.some((other) => other.name === name));
  const named = [...kept, ...more].map((file) => ({ ...file, name: `${root}/${file.name}` }));
  return writeZip(named, { alignment: 64, ...options });
}

/** A file of `torch.save` with these tensors, each in a storage of its own. */
export function writeTorchFile(
  tensors: Readonly<
    Record<string, { dataType: DataType; shape: readonly number[]; bytes: Uint8Array }>
  >,
  options: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors);
  const state = entries.map(
    ([name, tensor], index) => [name, pickledTensor({ ...tensor, key: `${index}` })] as const,
  );
  const contents = Object.fromEntries(entries.map(([, { bytes }], index) => [`${index}`, bytes]));
  return writeTorchArchive(pickledStateDict(state), contents, options);
}

class Pickler {
  readonly #memo = new Map<string, number>();

  write(value: Pickled): number[] {
    if (value === null) return ascii('N');
    if (typeof value === 'boolean') return [value ? 0x88 : 0x89];
    if (typeof value === 'number') return number(value);
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return this.#tuple(value);
    if (value instanceof Map) return [...ascii('}'), ...this.#items(value)];
    if ('list' in value) return [...ascii(']('), ...this.#all(value.list), ...ascii('e')];
    if ('global' in value) {
      const [module, name] = value.global.split(' ');
      return this.#once(`global ${value.global}`, ascii(`c${module}\n${name}\n`));
    }
    if ('call' in value) return [...this.#all([value.call, value.with]), ...ascii('R')];
    if ('persistent' in value) return [...this.write(value.persistent), ...ascii('Q')];
    if (!('ordered' in value)) throw new Error('not to be pickled');
    const dict = this.write({ call: { global: 'collections OrderedDict' }, with: [] });
    const items = this.#items(value.ordered);
    const state = value.state === undefined ? [] : [...this.write(value.state), ...ascii('b')];
    return [...dict, ...items, ...state];
  }

  #all(values: readonly Pickled[]): number[] {
    return values.flatMap((value) => this.write(value));
  }

  #tuple(values: readonly Pickled[]): number[] {
    if (values.length === 0) return ascii(')');
    if (values.length <= 3) return [...this.#all(values), 0x84 + values.length];
    return [...ascii('('), ...this.#all(values), ...ascii('t')];
  }

  #items(items: ReadonlyMap<Pickled, Pickled>): number[] {
    if (items.size === 0) return [];
    if (items.size === 1) return [...this.#all([...items].flat()), ...ascii('s')];
    return [...ascii('('), ...this.#all([...items].flat()), ...ascii('u')];
  }

  #text(value: string): number[] {
    const bytes = new TextEncoder().encode(value);
    return this.#once(`text ${value}`, [...ascii('X'), ...uint(bytes.length, 4), ...bytes]);
  }

  /** `bytes` and a memo of their value, or a reference to an earlier memo. */
  #once(key: string, bytes: readonly number[]): number[] {
    const known = this.#memo.get(key);
    if (known !== undefined) return reference('h', 'j', known);
    const index = this.#memo.size;
    this.#memo.set(key, index);
    return [...bytes, ...reference('q', 'r', index)];
  }
}

function reference(short: string, long: string, index: number): number[] {
  return index < 256 ? [...ascii(short), index] : [...ascii(long), ...uint(index, 4)];
}

function number(value: number): number[] {
  if (!Number.isInteger(value)) {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setFloat64(0, value);
    return [...ascii('G'), ...new Uint8Array(bytes.buffer)];
  }
  if (value >= 0 && value < 2 ** 8) return [...ascii('K'), value];
  if (value >= 0 && value < 2 ** 16) return [...ascii('M'), ...uint(value, 2)];
  if (Math.abs(value) < 2 ** 31) return [...ascii('J'), ...uint(value >>> 0, 4)];
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigInt64(0, BigInt(value), true);
  return [0x8a, 8, ...new Uint8Array(bytes.buffer)];
}

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((size, next) => size * next, 1);
}
