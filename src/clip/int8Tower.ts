import { quantizedWeight } from '../graph/quantized.js';
import type { HostTensor } from '../graph/session.js';
import { sameShape } from '../graph/shape.js';
import { type Tensor, weight } from '../graph/tensor.js';
import type { Checkpoint } from './checkpoint.js';
import { type Int8Matrix, quantizeRows } from './int8Weights.js';
import { readSafetensorsHeader, writeSafetensors } from './safetensors.js';
import type { StoredTensor } from './storedTensor.js';
import type { WeightFile } from './weightFiles.js';

/** Where quantised weights are kept: on a disk, or in memory. */
export interface Int8Store {
  /** The file of that name; nothing where there is none. */
  get(name: string): Promise<WeightFile | undefined>;
  /** Keeps a file and gives it back. */
  put(name: string, bytes: Uint8Array): Promise<WeightFile>;
  /** The files that sessions are to be given, where they are in memory. */
  readonly weightBytes?: Readonly<Record<string, Uint8Array>>;
}

/** Quantised weights in memory: for browsers, and where nothing should be written. */
export class MemoryInt8Store implements Int8Store {
  readonly weightBytes: Record<string, Uint8Array> = {};

  async get(name: string): Promise<WeightFile | undefined> {
    const bytes = this.weightBytes[name];
    return bytes && inMemory(name, bytes);
  }

  async put(name: string, bytes: Uint8Array): Promise<WeightFile> {
    this.weightBytes[name] = bytes;
    return inMemory(name, bytes);
  }
}

function inMemory(name: string, bytes: Uint8Array): WeightFile {
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return { name, where: name, length: bytes.length, read };
}

/** Changes whenever weights are quantised in another way, so that old files are not used. */
const formatVersion = 1;

/**
 * A checkpoint whose image tower's blocks multiply in int8: weights rounded once for each output
 * channel, activations as they come. Embeddings, layer norms, attention and projections stay as they
 * are, and so does the text tower.
 *
 * @param store Keeps the quantised weights, a file for each block.
 * @param largest The largest int8 value of a weight.
 */
export async function int8Checkpoint(
  checkpoint: Checkpoint,
  store: Int8Store,
  largest: 127 | 63 = 127,
): Promise<Checkpoint> {
  const { layers } = checkpoint.config.vision;
  const replaced = new Map<string, Tensor>();
  for (let layer = 0; layer < layers; layer++) {
    const name = `int8/${checkpoint.identity}/${formatVersion}-${largest}/block-${layer}.safetensors`;
    const matrices = blockMatrices(checkpoint, layer);
    const kept = await store.get(name);
    let weights = kept && (await storedBlock(kept, matrices));
    if (!weights) {
      const bytes = await quantizedBlock(checkpoint, matrices, largest);
      weights = (await storedBlock(await store.put(name, bytes), matrices))!;
    }
    for (const [matrix, tensor] of weights) replaced.set(matrix, tensor);
  }
  const { sessionOptions } = checkpoint;
  const weightBytes = { ...sessionOptions.weightBytes, ...store.weightBytes };
  return {
    ...checkpoint,
    tensors: checkpoint.tensors.replacing(replaced),
    sessionOptions:
      Object.keys(weightBytes).length > 0 ? { ...sessionOptions, weightBytes } : sessionOptions,
    imageTowerIdentity: `${checkpoint.identity}/int8-${formatVersion}-${largest}`,
  };
}

interface Matrix {
  readonly name: string;
  readonly out: number;
  readonly inner: number;
}

/** The matrices of a block of the image tower. */
function blockMatrices({ config }: Checkpoint, layer: number): Matrix[] {
  const { width, intermediateWidth } = config.vision;
  const block = `vision_model.encoder.layers.${layer}`;
  return [
    ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((part) => ({
      name: `${block}.self_attn.${part}.weight`,
      out: width,
      inner: width,
    })),
    { name: `${block}.mlp.fc1.weight`, out: intermediateWidth, inner: width },
    { name: `${block}.mlp.fc2.weight`, out: width, inner: intermediateWidth },
  ];
}

async function quantizedBlock(
  { tensors }: Checkpoint,
  matrices: readonly Matrix[],
  largest: 127 | 63,
): Promise<Uint8Array> {
  const quantized = new Map<string, Int8Matrix>();
  for (const { name, out, inner } of matrices) {
    quantized.set(name, quantizeRows(await tensors.read(name, [out, inner]), out, largest));
  }
  const entries: Record<string, HostTensor> = {};
  // Scales first: they have to lie at multiples of 4 bytes.
  for (const { name, out } of matrices) {
    entries[scalesOf(name)] = { data: quantized.get(name)!.scales, shape: [out] };
  }
  for (const { name, out, inner } of matrices) {
    entries[name] = { data: quantized.get(name)!.values, shape: [inner, out] };
  }
  return writeSafetensors(entries);
}

/** The tensors for graphs from a block's file; nothing where it is damaged. */
async function storedBlock(
  file: WeightFile,
  matrices: readonly Matrix[],
): Promise<Map<string, Tensor> | undefined> {
  const { tensors } = await readSafetensorsHeader(file.read, file.length, file.where).catch(() => ({
    tensors: new Map<string, StoredTensor>(),
  }));
  const weights = new Map<string, Tensor>();
  for (const { name, out, inner } of matrices) {
    const values = tensors.get(name);
    const scales = tensors.get(scalesOf(name));
    if (values?.dataType !== 'int8' || !sameShape(values.shape, [inner, out])) return undefined;
    if (scales?.dataType !== 'float32' || !sameShape(scales.shape, [out])) return undefined;
    const at = { file: file.name };
    weights.set(name, quantizedWeight({ ...values, ...at }, weight({ ...scales, ...at })));
  }
  return weights;
}

const scalesOf = (name: string) => `${name}.scales`;
