import { IqeError } from '../base/errors.js';
import type { DataType } from '../graph/tensor.js';
import { unpickle } from './pickle.js';
import { byteLength, isCounts, type ReadBytes, type StoredTensor } from './storedTensor.js';
import { readZipEntries, zipDataOffset } from './zipEntries.js';

/** How `torch.save` calls the types of storages. */
const storageTypes: Readonly<Record<string, DataType>> = {
  'torch.FloatStorage': 'float32',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
  'torch.IntStorage': 'int32',
  'torch.ByteStorage': 'uint8',
  'torch.CharStorage': 'int8',
  'torch.BoolStorage': 'bool',
};

class StorageType {
  readonly dataType: DataType;

  constructor(dataType: DataType) {
    this.dataType = dataType;
  }
}

/** Numbers that tensors are views of: the entry `data/KEY` of the archive. */
class Storage {
  readonly dataType: DataType;
  readonly key: string;

  constructor(dataType: DataType, key: string) {
    this.dataType = dataType;
    this.key = key;
  }
}

/** A tensor as a state dict describes it: elements of a storage from `offset`, axes by stride. */
class StorageView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(
    storage: Storage,
    offset: number,
    shape: readonly number[],
    stride: readonly number[],
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

type Complaint = (what: string) => IqeError;

/** A longer description of tensors than any real one. */
const longestPickle = 100_000_000;

/**
 * Reads where the tensors of a state dict lie in a file of `torch.save` (PyTorch 1.6 and later): a
 * zip archive whose entries `NAME/data/KEY` are the tensors' bytes as they are, described by the
 * pickle `NAME/data.pkl`. Nothing is run: what the pickle uses besides tensors and dicts is refused
 * by its name. Values that are no tensors are left out.
 *
 * @param fileLength Bytes of the whole file.
 * @param where The file's name for errors.
 * @throws {IqeError} `checkpoint` if it is damaged, no state dict, or if a tensor is compressed or
 *   not in one piece.
 */
export async function readTorchFile(
  read: ReadBytes,
  fileLength: number,
  where: string,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const damaged = (what: string) =>
    new IqeError('checkpoint', `${where} is not a whole PyTorch file: ${what}.`, {
      hint: 'It may be cut off or damaged: download or copy it again.',
    });
  const unusable = (what: string) =>
    new IqeError('checkpoint', `${where} cannot be used as it is: ${what}.`, {
      hint: 'Load it in PyTorch and save the state dict of the model anew, best as .safetensors.',
    });
  const entries = await readZipEntries(read, fileLength, damaged);
  const pickleName = [...entries.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickleName === undefined) throw unusable('it is a zip archive without data.pkl');
  const root = pickleName.slice(0, -'data.pkl'.length);

  /** Where the bytes of an entry are. */
  const place = async (name: string) => {
    const entry = entries.get(root + name);
    if (!entry) throw damaged(`it has no entry '${root}${name}'`);
    if (entry.method !== 0 || entry.isEncrypted) {
      throw unusable(`its entry '${root}${name}' is compressed or encrypted`);
    }
    return { offset: await zipDataOffset(read, fileLength, entry, damaged), length: entry.size };
  };
  const contents = async (name: string) => {
    const { offset, length } = await place(name);
    if (length > longestPickle) throw damaged(`its ${name} has ${length} bytes`);
    return read(offset, length);
  };

  if (entries.has(`${root}byteorder`)) {
    const order = new TextDecoder().decode(await contents('byteorder'));
    if (order !== 'little') throw unusable(`its numbers are in byte order '${order}'`);
  }
  const views = stateDict(await contents('data.pkl'), unusable);
  const storages = new Map<string, { offset: number; length: number }>();
  const tensors = new Map<string, StoredTensor>();
  for (const [name, view] of views) {
    const { key } = view.storage;
    const storage = storages.get(key) ?? (await place(`data/${key}`));
    storages.set(key, storage);
    tensors.set(name, storedTensor(name, view, storage, damaged, unusable));
  }
  return tensors;
}

/** The tensors by name of a pickled dict. */
function stateDict(pickle: Uint8Array, unusable: Complaint): Map<string, StorageView> {
  const refused = (what: string) => unusable(`in its data.pkl, ${what}`);
  const globals = new Map<string, unknown>([
    ...Object.entries(storageTypes).map(
      ([name, dataType]) => [name, new StorageType(dataType)] as const,
    ),
    ['collections.OrderedDict', () => new Map()],
    ['torch._utils._rebuild_tensor_v2', rebuildTensor],
    ['torch._utils._rebuild_parameter', ([data]: readonly unknown[]) => data],
  ]);

  /** Arguments: storage, offset, shape, stride, whether it is trained, hooks, metadata if any. */
  function rebuildTensor([storage, offset, shape, stride, , , metadata]: readonly unknown[]) {
    if (
      storage instanceof Storage &&
      isCounts([offset]) &&
      isCounts(shape) &&
      isCounts(stride) &&
      shape.length === stride.length &&
      metadata === undefined
    ) {
      return new StorageView(storage, offset as number, shape, stride);
    }
    throw refused('a tensor is described in an unknown way');
  }

  /** Ids are: 'storage', type, key, device, number of elements. */
  function persistent(id: unknown) {
    const [kind, type, key] = Array.isArray(id) ? (id as unknown[]) : [];
    if (kind === 'storage' && type instanceof StorageType && typeof key === 'string') {
      return new Storage(type.dataType, key);
    }
    throw refused('a storage is described in an unknown way');
  }

  const dict = unpickle(pickle, { globals, persistent, refused });
  const views = new Map<string, StorageView>();
  for (const [name, value] of dict instanceof Map ? dict : []) {
    if (typeof name === 'string' && value instanceof StorageView) views.set(name, value);
  }
  if (views.size === 0) throw refused('there is no dict of tensors at the top');
  return views;
}

function storedTensor(
  name: string,
  { storage, offset, shape, stride }: StorageView,
  place: { readonly offset: number; readonly length: number },
  damaged: Complaint,
  unusable: Complaint,
): StoredTensor {
  const { dataType } = storage;
  const length = byteLength(dataType, shape);
  if (length > 0 && !isContiguous(shape, stride)) {
    throw unusable(`tensor '${name}' [${shape}] is not in one piece (stride [${stride}])`);
  }
  const start = byteLength(dataType, [offset]);
  if (start + length > place.length) {
    throw damaged(
      `tensor '${name}' [${shape}] needs ${length} bytes from ${start} of its storage, ` +
        `which has ${place.length}`,
    );
  }
  return { name, dataType, shape, offset: place.offset + start, length };
}

/** Whether the elements follow one another in row-major order. */
function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}
