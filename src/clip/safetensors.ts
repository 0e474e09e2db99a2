import { joinBytes } from '../base/bytes.js';
import { IqeError } from '../base/errors.js';
import type { HostTensor, TensorData } from '../graph/session.js';
import type { DataType } from '../graph/tensor.js';
import { floatToHalf } from './halfPrecision.js';
import { byteLength, isCounts, type ReadBytes, type StoredTensor } from './storedTensor.js';

export { type StoredTensor, toFloat32 } from './storedTensor.js';

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const dataTypes: ReadonlyMap<unknown, DataType> = new Map([
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I32', 'int32'],
  ['I64', 'int64'],
  ['U8', 'uint8'],
  ['I8', 'int8'],
  ['BOOL', 'bool'],
]);

/** Longer headers than any real one are signs of another file format. */
const longestHeader = 100_000_000;

/**
 * Reads the header of a `.safetensors` file and checks that each tensor lies inside of the file and
 * has as many bytes as its shape says.
 *
 * @param fileLength Bytes of the whole file.
 * @param where The file's name for errors.
 * @throws {IqeError} `checkpoint`, naming the tensor where one is at fault.
 */
export async function readSafetensorsHeader(
  read: ReadBytes,
  fileLength: number,
  where: string,
): Promise<SafetensorsHeader> {
  const damaged = (what: string) =>
    new IqeError('checkpoint', `${where} is not a whole .safetensors file: ${what}.`, {
      hint: 'It may be cut off or damaged: download or copy it again.',
    });
  if (fileLength < 8) throw damaged(`it has ${fileLength} bytes`);
  const lengthBytes = await read(0, 8);
  const headerLength = Number(
    new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true),
  );
  if (headerLength > longestHeader || 8 + headerLength > fileLength) {
    throw damaged(`its header should have ${headerLength} bytes, the file has ${fileLength}`);
  }
  const { __metadata__, ...entries } = parseHeader(await read(8, headerLength), damaged);
  const metadata = __metadata__ ?? {};
  if (!isTexts(metadata)) throw damaged('its metadata are not texts by name');
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, storedTensor(name, entry, 8 + headerLength, fileLength, damaged));
  }
  return { tensors, metadata };
}

function parseHeader(
  bytes: Uint8Array,
  damaged: (what: string) => IqeError,
): Record<string, unknown> {
  try {
    const entries: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isRecord(entries)) return entries;
  } catch {
    // Reported below.
  }
  throw damaged('its header is not a JSON object');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}

function storedTensor(
  name: string,
  entry: unknown,
  bodyStart: number,
  fileLength: number,
  damaged: (what: string) => IqeError,
): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw damaged(`the entry of tensor '${name}' has no shape or offsets`);
  }
  const dataType = dataTypes.get(dtype);
  if (!dataType) throw damaged(`tensor '${name}' has the unknown data type '${dtype}'`);
  const [start, end] = offsets as [number, number];
  const expected = byteLength(dataType, shape);
  if (end - start !== expected) {
    throw damaged(
      `tensor '${name}' ${dtype} [${shape}] needs ${expected} bytes and has ${end - start}`,
    );
  }
  if (bodyStart + end > fileLength) {
    throw damaged(`tensor '${name}' ends at byte ${bodyStart + end}, the file at ${fileLength}`);
  }
  return { name, dataType, shape, offset: bodyStart + start, length: expected };
}

/**
 * The parts of a `.safetensors` file, in their order, sharing the tensors' memory: of float32, float16 (its bits, in a Uint16Array), int32, int64, uint8
 * and int8 tensors; their bytes begin at a multiple of 8.
 *
 * @param halfPrecision Store every float32 tensor as F16.
 */
export function safetensorsParts(
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  halfPrecision = false,
): Uint8Array[] {
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  const bodies: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    const stored =
      halfPrecision && data instanceof Float32Array ? Uint16Array.from(data, floatToHalf) : data;
    const body = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    const end = offset + body.length;
    entries.push([name, { dtype: typeName(stored), shape, data_offsets: [offset, end] }]);
    bodies.push(body);
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const header = new Uint8Array(8 + headerLength);
  new DataView(header.buffer).setBigUint64(0, BigInt(headerLength), true);
  header.fill(0x20, 8).set(text, 8);
  return [header, ...bodies];
}

/** {@link safetensorsParts} as one file in memory. */
export function writeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  halfPrecision = false,
): Uint8Array {
  return joinBytes(safetensorsParts(tensors, metadata, halfPrecision));
}

function typeName(data: TensorData): string {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Uint16Array) return 'F16';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  return data instanceof Int8Array ? 'I8' : 'U8';
}
