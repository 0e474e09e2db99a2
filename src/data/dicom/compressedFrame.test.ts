import charls from '@cornerstonejs/codec-charls/wasmjs';
import openjpeg from '@cornerstonejs/codec-openjpeg/wasmjs';
import { deflateSync } from 'fflate';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import {
  type DicomImageOptions,
  Encapsulated,
  runLengthFrame,
  words,
  writeDicomImage,
} from '../../../test/support/dicomWriter.js';
import { writeExtendedJpeg, writeLosslessJpeg } from '../../../test/support/jpegWriter.js';
import { Random } from '../../base/random.js';
import { portableCodecs, silent } from './codecs.js';
import { wasmCodecs } from './codecs.node.js';
import { decodeDicom } from './decodeDicom.js';
import { withColourTransform } from './jpegHeader.js';

const [rows, columns] = [19, 23];
const syntax = (ending: string) => `1.2.840.10008.1.2${ending}`;

/** A smooth image with a little noise of `precision` bits. */
function picture(precision: number, components = 1): number[] {
  const random = new Random(precision, 'picture');
  return Array.from({ length: rows * columns * components }, (_, index) => {
    const pixel = Math.floor(index / components);
    const wave = Math.sin(pixel / 40 + (index % components)) * 0.4 + 0.5 + random.uniform() * 0.05;
    return Math.floor(wave * 2 ** precision);
  });
}

/** An encapsulated file of one-fragment frames. */
const encapsulated = (
  ending: string,
  frames: readonly Uint8Array[],
  more: Partial<DicomImageOptions> = {},
) =>
  writeDicomImage({
    rows,
    columns,
    frames: frames.length,
    transferSyntax: syntax(ending),
    pixels: new Encapsulated(frames),
    ...more,
  });

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
  setInterleaveMode(mode: number): void;
  setNearLossless(error: number): void;
  setDecompositions(levels: number): void;
}

function encode(
  encoder: Encoder,
  samples: readonly number[],
  bitsPerSample: number,
  componentCount = 1,
  isSigned = false,
): Uint8Array {
  const isUsingColorTransform = componentCount === 3;
  const size = { width: columns, height: rows, bitsPerSample, componentCount };
  const info = { ...size, isSigned, isUsingColorTransform };
  encoder.getDecodedBuffer(info).set(words(samples, bitsPerSample > 8 ? 2 : 1));
  encoder.encode();
  const encoded = encoder.getEncodedBuffer().slice();
  encoder.delete();
  return encoded;
}

async function encodeJpegLs(
  samples: readonly number[],
  bits: number,
  options: { components?: number; interleave?: number; error?: number } = {},
): Promise<Uint8Array> {
  const module = (await charls(silent())) as unknown as { JpegLSEncoder: new () => Encoder };
  const encoder = new module.JpegLSEncoder();
  encoder.setInterleaveMode(options.interleave ?? 0);
  encoder.setNearLossless(options.error ?? 0);
  return encode(encoder, samples, bits, options.components);
}

async function encodeJpeg2000(
  samples: readonly number[],
  bits: number,
  components = 1,
  signed = false,
): Promise<Uint8Array> {
  const module = (await openjpeg(silent())) as unknown as { J2KEncoder: new () => Encoder };
  const encoder = new module.J2KEncoder();
  encoder.setDecompositions(2);
  return encode(encoder, samples, bits, components, signed);
}

const colours = { samplesPerPixel: 3, bitsAllocated: 8 };

describe.each([
  ['portable', portableCodecs],
  ['WebAssembly', wasmCodecs],
])('with %s codecs', (_, codecs) => {
  const decoded = async (file: Uint8Array, frame = 0) => decodeDicom(file, { codecs, frame });

  it('JPEG-LS comes back, exactly or nearly', async () => {
    for (const bits of [8, 12, 16]) {
      const samples = picture(bits);
      const exact = encapsulated('.4.80', [await encodeJpegLs(samples, bits)], {
        bitsStored: bits,
      });
      expectWithin((await decoded(exact)).values, samples, 0, `${bits} bits`);
      const error = 3;
      const near = encapsulated('.4.81', [await encodeJpegLs(samples, bits, { error })]);
      expectWithin((await decoded(near)).values, samples, error, `${bits} bits, near`);
    }
    const rgb = picture(8, 3);
    for (const interleave of [0, 2]) {
      const planes = interleave ? rgb : [0, 1, 2].flatMap((c) => rgb.filter((_, i) => i % 3 === c));
      const frame = await encodeJpegLs(planes, 8, { components: 3, interleave });
      const image = await decoded(encapsulated('.4.80', [frame], colours));
      expectWithin(image.display.data, rgb, 0, `interleave ${interleave}`);
    }
  });

  it('JPEG 2000 comes back, signed and in colour', async () => {
    for (const bits of [8, 12, 16]) {
      const samples = picture(bits);
      const file = encapsulated('.4.90', [await encodeJpeg2000(samples, bits)], {
        bitsStored: bits,
      });
      expectWithin((await decoded(file)).values, samples, 0, `${bits} bits`);
    }
    const signed = picture(12).map((value) => value - 2048);
    const frame = await encodeJpeg2000(signed, 12, 1, true);
    const file = encapsulated('.4.90', [frame], { signed: true });
    expectWithin((await decoded(file)).values, signed, 0, 'signed');
    const rgb = picture(8, 3);
    const image = { ...colours, photometric: 'YBR_RCT' };
    const colour = encapsulated('.4.90', [await encodeJpeg2000(rgb, 8, 3)], image);
    expectWithin((await decoded(colour)).display.data, rgb, 0, 'colour');
  });

  it('baseline JPEG comes back nearly, grey or with the colours that are meant', async () => {
    const raw = { width: columns, height: rows, channels: 1 as const };
    const options = { quality: 100, chromaSubsampling: '4:4:4' };
    const grey = picture(8);
    const encodedGrey = await sharp(Uint8Array.from(grey), { raw })
      .toColourspace('b-w')
      .jpeg(options)
      .toBuffer();
    const image = await decoded(encapsulated('.4.50', [encodedGrey], { bitsAllocated: 8 }));
    expectWithin(image.values, grey, 3, 'grey');

    const rgb = picture(8, 3);
    const encoded = await sharp(Uint8Array.from(rgb), { raw: { ...raw, channels: 3 } })
      .jpeg(options)
      .toBuffer();
    const colour = async (photometric: string, frame: Uint8Array) =>
      (await decoded(encapsulated('.4.50', [frame], { ...colours, photometric }))).display.data;
    // sharp writes YCbCr and says so in no segment: the photometric interpretation decides, …
    expectWithin(await colour('YBR_FULL_422', encoded), rgb, 5, 'YBR');
    const taken = await colour('RGB', encoded);
    expect(Math.abs((taken[1] as number) - 128)).toBeLessThan(128);
    expect(taken).not.toEqual(await colour('YBR_FULL', encoded));
    // … unless an Adobe segment does.
    expectWithin(await colour('RGB', withColourTransform(encoded, true)), rgb, 5, 'Adobe');
  });
});

const decoded = async (file: Uint8Array, frame = 0) =>
  decodeDicom(file, { codecs: wasmCodecs, frame });

describe('lossless JPEG', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('comes back with predictor %i', async (predictor) => {
    for (const precision of [8, 12, 16]) {
      const samples = picture(precision);
      const frame = writeLosslessJpeg({ rows, columns, precision, samples }, predictor);
      const file = encapsulated(predictor === 1 ? '.4.70' : '.4.57', [frame]);
      expectWithin((await decoded(file)).values, samples, 0, `${precision} bits`);
    }
  });

  it('comes back signed and in colour', async () => {
    const stored = picture(12).map((value) => value - 2048);
    const samples = stored.map((value) => value & 0xfff);
    const frame = writeLosslessJpeg({ rows, columns, precision: 12, samples });
    const signed = encapsulated('.4.70', [frame], { bitsStored: 12, signed: true });
    expectWithin((await decoded(signed)).values, stored, 0, 'signed');
    const rgb = picture(8, 3);
    const colour = writeLosslessJpeg({ rows, columns, precision: 8, components: 3, samples: rgb });
    const image = await decoded(encapsulated('.4.70', [colour], colours));
    expectWithin(image.display.data, rgb, 0, 'colour');
  });
});

describe('extended JPEG of 12 bits', () => {
  it.each([0, 1, 4])('comes back to 1, restarting every %i blocks', async (interval) => {
    const samples = picture(12);
    const frame = writeExtendedJpeg({ rows, columns, precision: 12, samples }, interval);
    const file = encapsulated('.4.51', [frame], { bitsStored: 12 });
    expectWithin((await decoded(file)).values, samples, 1, 'samples');
  });
});

describe('frames of other encodings', () => {
  it('RLE comes back: words, colours, bits', async () => {
    const samples = picture(16).map((value, index) => (index % 50 < 30 ? 7 : value));
    const planes = [8, 0].map((shift) => Uint8Array.from(samples, (value) => value >> shift));
    const file = encapsulated('.5', [runLengthFrame(planes)]);
    expectWithin((await decoded(file)).values, samples, 0, 'words');
    const rgb = picture(8, 3);
    const colour = [0, 1, 2].map((c) => Uint8Array.from(rgb.filter((_, i) => i % 3 === c)));
    const image = { ...colours, planar: 1 };
    const coloured = await decoded(encapsulated('.5', [runLengthFrame(colour)], image));
    expectWithin(coloured.display.data, rgb, 0, 'colours');
    const bits = Uint8Array.from({ length: Math.ceil((rows * columns) / 8) }, (_, i) => i * 37);
    const mask = encapsulated('.5', [runLengthFrame([bits])], { bitsAllocated: 1 });
    const unpacked = picture(1).map((_, i) => ((bits[i >> 3] as number) >> (i & 7)) & 1);
    expectWithin((await decoded(mask)).values, unpacked, 0, 'bits');
  });

  it('deflated frames and frames as they are come back', async () => {
    const frames = [picture(16), picture(12)].map((samples) => words(samples, 2));
    for (const [ending, stored] of [
      ['.8.1', frames.map((frame) => deflateSync(frame))],
      ['.1.98', frames],
    ] as const) {
      expectWithin((await decoded(encapsulated(ending, stored), 1)).values, picture(12), 0, ending);
    }
  });
});

describe('fragments', () => {
  const frames = [picture(16), picture(12), picture(8)].map((samples) =>
    writeLosslessJpeg({ rows, columns, precision: 16, samples }),
  );
  const cut = frames.map((frame, index) =>
    index === 1 ? [frame.slice(0, 100), frame.slice(100, 150), frame.slice(150)] : [frame],
  );
  const offsets = cut.map((_, index) =>
    cut
      .slice(0, index)
      .flat()
      .reduce((at, part) => at + 8 + part.length + (part.length % 2), 0),
  );

  it.each([
    ['with an offset table', offsets],
    ['without one', []],
    ['with one that fits no fragment', [0, 1, 2]],
  ])('belong to their frames %s', async (_, table) => {
    const pixels = new Encapsulated(cut.flat(), table);
    const file = writeDicomImage({
      rows,
      columns,
      frames: 3,
      transferSyntax: syntax('.4.70'),
      pixels,
    });
    for (const [frame, precision] of [16, 12, 8].entries()) {
      expectWithin((await decoded(file, frame)).values, picture(precision), 0, `frame ${frame}`);
    }
  });

  it('belong to their frames beside an extended offset table', async () => {
    const table = (tag: number) => [tag, 'OV', words(new Array(6).fill(0x7000), 4)] as const;
    const file = encapsulated('.4.70', frames, { more: [table(0x7fe00001), table(0x7fe00002)] });
    expectWithin((await decoded(file, 1)).values, picture(12), 0, 'frame 1');
  });

  it('are told from each other in a file without meta header', async () => {
    const file = encapsulated('.4.70', frames, { metaHeader: false, preamble: false });
    expectWithin((await decoded(file, 2)).values, picture(8), 0, 'frame 2');
  });

  it('that are missing are missed', async () => {
    const pixels = new Encapsulated(cut.flat().slice(0, 4));
    const file = writeDicomImage({
      rows,
      columns,
      frames: 3,
      transferSyntax: syntax('.4.70'),
      pixels,
    });
    await expect(decoded(file, 2)).rejects.toThrow('Frame 3 of 3 cannot be found');
  });
});

describe('compressed pixel data that cannot be decoded', () => {
  const samples = picture(8);
  const lossless = writeLosslessJpeg({ rows, columns, precision: 8, samples });

  it.each([
    ['.4.100', 'MPEG2 Main Profile / Main Level', lossless],
    ['.4.201', 'High-Throughput JPEG 2000 (Lossless Only)', lossless],
    ['.4.70', 'JPEG Lossless, Non-Hierarchical, First-Order Prediction', samples.slice(0, 40)],
    ['.4.70', 'JPEG Lossless, Non-Hierarchical, First-Order Prediction', lossless.slice(0, 12)],
    ['.4.80', 'JPEG-LS Lossless', [0xff, 0xd8, 0xff, 0xf7, 0, 11, 8, 0, 19, 0, 23, 1, 1, 17, 0]],
    ['.4.90', 'JPEG 2000 (Lossless Only)', lossless],
    ['.5', 'RLE Lossless', [9, 0, 0, 0, ...new Array(80).fill(1)]],
    ['.8.1', 'Deflated Image Frame Compression', [255, 255, 255]],
  ])('names transfer syntax %s, %s', async (ending, name, bytes) => {
    const frame = Uint8Array.from(bytes);
    await expect(
      decoded(encapsulated(ending, [frame], { bitsAllocated: 8 })),
    ).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining(`(transfer syntax ${syntax(ending)}, ${name})`),
    });
  });

  it('has another size than the header states', async () => {
    const file = encapsulated('.4.70', [lossless], { columns: 24, bitsAllocated: 8 });
    await expect(decoded(file)).rejects.toThrow('24 × 19 pixels of 1');
  });
});
