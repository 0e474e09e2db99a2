import { IqeError } from '../../base/errors.js';
import type { CodecDecoder } from './codecs.js';
import type { ImageHeader } from './imageHeader.js';

/** The size that a codestream states. */
export interface CodestreamSize {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
}

/**
 * Checks, before anything is allocated, that a codestream has the size that the header states.
 *
 * @throws {IqeError} `unreadable`
 */
export function checkSize(stream: CodestreamSize, header: ImageHeader): void {
  const { rows, columns, components } = stream;
  const { samplesPerPixel } = header;
  if (rows === header.rows && columns === header.columns && components === samplesPerPixel) return;
  throw new IqeError(
    'unreadable',
    `The header states ${header.columns} × ${header.rows} pixels of ${samplesPerPixel}, the compressed pixel data ${columns} × ${rows} of ${components}.`,
  );
}

export interface CodecOutput {
  readonly samples: Int32Array;
  readonly precision: number;
  /** The codestream says that its samples are signed, and they are. */
  readonly signed: boolean;
}

/**
 * Runs `decoder` on a codestream, copies the samples out of its memory and frees it.
 *
 * @param inspect Called before it is freed.
 * @throws What the decoder throws; {@link IqeError} `unreadable` where it gives another size.
 */
export function runDecoder(
  decoder: CodecDecoder,
  codestream: Uint8Array,
  expected: CodestreamSize,
  inspect: () => void = () => {},
): CodecOutput {
  try {
    decoder.getEncodedBuffer(codestream.length).set(codestream);
    decoder.decode();
    inspect();
    const { width, height, bitsPerSample, componentCount, isSigned } = decoder.getFrameInfo();
    const output = decoder.getDecodedBuffer();
    const count = expected.rows * expected.columns * expected.components;
    const bytesPerSample = bitsPerSample > 8 ? 2 : 1;
    const fits =
      width === expected.columns &&
      height === expected.rows &&
      componentCount === expected.components &&
      bitsPerSample <= 16 &&
      output.length >= count * bytesPerSample;
    if (!fits) throw new IqeError('unreadable', 'The compressed pixel data is damaged.');
    const signed = isSigned === true;
    return {
      samples: copied(output, count, bytesPerSample, signed),
      precision: bitsPerSample,
      signed,
    };
  } finally {
    decoder.delete();
  }
}

function copied(output: Uint8Array, count: number, bytes: 1 | 2, signed: boolean): Int32Array {
  const view = new DataView(output.buffer, output.byteOffset, output.length);
  const samples = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    if (bytes === 1) samples[i] = signed ? view.getInt8(i) : view.getUint8(i);
    else samples[i] = signed ? view.getInt16(2 * i, true) : view.getUint16(2 * i, true);
  }
  return samples;
}

/**
 * `samples` that a codestream holds as unsigned, with the sign that the header gives them: their
 * low bits are a two's complement. In place.
 */
export function withSign(samples: Int32Array, precision: number, header: ImageHeader): Int32Array {
  if (!header.signed) return samples;
  const shift = 32 - Math.min(precision, header.bitsStored);
  for (let i = 0; i < samples.length; i++) samples[i] = ((samples[i] as number) << shift) >> shift;
  return samples;
}
