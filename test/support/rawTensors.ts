import { Random } from '../../src/base/random.js';
import type { ClipConfig } from '../../src/clip/config.js';
import { floatToHalf } from '../../src/clip/halfPrecision.js';
import { tensorShapes } from '../../src/clip/tensorShapes.js';
import type { DataType } from '../../src/graph/tensor.js';

/** A tensor as files hold it. */
export interface RawTensor {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export type RawTensors = Readonly<Record<string, RawTensor>>;

/** A CLIP that runs in no time. */
export const tinyClip: ClipConfig = {
  embeddingWidth: 6,
  text: {
    width: 8,
    intermediateWidth: 16,
    layers: 1,
    heads: 2,
    layerNormEpsilon: 1e-5,
    activation: 'quick_gelu',
    contextLength: 7,
    vocabularySize: 11,
  },
  vision: {
    width: 12,
    intermediateWidth: 16,
    layers: 2,
    heads: 3,
    layerNormEpsilon: 1e-5,
    activation: 'gelu',
    imageSize: 24,
    patchSize: 8,
  },
};

/**
 * Random weights for `config`, the same for every data type: multiples of 1/64 of at most 7 bits,
 * which all float types hold exactly.
 */
export function randomTensors(config: ClipConfig, dataType: FloatType = 'float32'): RawTensors {
  const random = new Random(1, 'random tensors');
  return Object.fromEntries(
    Array.from(tensorShapes(config), ([name, shape]) => {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      const values = Float32Array.from({ length: size }, () => (random.integer(127) - 63) / 64);
      return [name, { dataType, shape, bytes: floatBytes(values, dataType) }];
    }),
  );
}

export type FloatType = 'float32' | 'float16' | 'bfloat16';

function floatBytes(values: Float32Array, dataType: FloatType): Uint8Array {
  if (dataType === 'float32') return new Uint8Array(values.buffer);
  if (dataType === 'float16') return new Uint8Array(Uint16Array.from(values, floatToHalf).buffer);
  const upperHalves = new Uint16Array(values.buffer).filter((_, index) => index % 2 === 1);
  return new Uint8Array(upperHalves.buffer);
}

const typeNames: Partial<Record<DataType, string>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int8: 'I8',
};

/** A `.safetensors` file of any types. Independent of the product's own writer. */
export function rawSafetensors(tensors: RawTensors): Buffer<ArrayBuffer> {
  let end = 0;
  const header = Object.entries(tensors).map(([name, { dataType, shape, bytes }]) => {
    end += bytes.length;
    const offsets = [end - bytes.length, end];
    return [name, { dtype: typeNames[dataType], shape, data_offsets: offsets }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, ...Object.values(tensors).map(({ bytes }) => bytes)]);
}
