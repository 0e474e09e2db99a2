import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DicomElement,
  patientName,
  words,
  writeDicom,
  writeDicomImage,
} from '../../../test/support/dicomWriter.js';
import { IqeError } from '../../base/errors.js';
import { decodeDicom } from './decodeDicom.js';

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const deflated = '1.2.840.10008.1.2.1.99';
const bigEndian = '1.2.840.10008.1.2.2';

const grey = (samples: number[], more: readonly DicomElement[] = []) =>
  writeDicomImage({
    rows: 1,
    columns: samples.length,
    signed: true,
    pixels: words(samples, 2),
    more,
  });

describe('stored samples', () => {
  it.each([implicit, explicit, deflated, bigEndian])('come back from %s', async (syntax) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<1 | 2 | 4>(1, 2, 4),
        fc.boolean(),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        async (bytes, signed, rows, columns, seed) => {
          const range = 2 ** (8 * bytes);
          const samples = Array.from({ length: 2 * rows * columns }, (_, index) => {
            const value = (seed * (index + 1) * 2654435761) % range;
            return signed ? value - range / 2 : value;
          });
          const file = writeDicomImage({
            rows,
            columns,
            frames: 2,
            signed,
            bitsAllocated: 8 * bytes,
            pixels: words(samples, bytes, syntax !== bigEndian),
            transferSyntax: syntax,
          });
          const image = await decodeDicom(file, { frame: 1 });
          expect([...image.values]).toEqual(samples.slice(rows * columns));
          expect(image).toMatchObject({ width: columns, height: rows, frame: 1, frameCount: 2 });
          expect(image.transferSyntax.uid).toBe(syntax);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('are found without preamble and without meta header', async () => {
    for (const metaHeader of [true, false]) {
      for (const transferSyntax of metaHeader
        ? [implicit, explicit, bigEndian]
        : [implicit, explicit]) {
        const pixels = words([1, 2, 3, 700], 2, transferSyntax !== bigEndian);
        const file = { rows: 2, columns: 2, pixels, transferSyntax, metaHeader, preamble: false };
        const image = await decodeDicom(writeDicomImage(file));
        expect([...image.values]).toEqual([1, 2, 3, 700]);
        expect(image.transferSyntax.uid).toBe(transferSyntax);
      }
    }
  });

  it('come back from a deflated file that was padded to an even length', async () => {
    const image = { rows: 1, columns: 2, pixels: words([5, 600], 2), transferSyntax: deflated };
    const padded = Uint8Array.from([...writeDicomImage(image), 0]);
    expect([...(await decodeDicom(padded)).values]).toEqual([5, 600]);
  });

  it('lose what other bits of their words hold, and keep their sign', async () => {
    const stored = [0xf001, 0x0fff, 0xa800];
    const file = (signed: boolean, highBit: number) =>
      writeDicomImage({
        rows: 1,
        columns: 3,
        bitsStored: 12,
        highBit,
        signed,
        pixels: words(stored, 2),
      });
    expect([...(await decodeDicom(file(false, 11))).values]).toEqual([1, 0xfff, 0x800]);
    expect([...(await decodeDicom(file(true, 11))).values]).toEqual([1, -1, -0x800]);
    expect([...(await decodeDicom(file(false, 15))).values]).toEqual([0xf00, 0xff, 0xa80]);
  });

  it('of one bit follow each other across frames without padding', async () => {
    const bits = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1];
    const packed = [0, 1].map((byte) =>
      bits.slice(8 * byte, 8 * byte + 8).reduce((sum, bit, index) => sum + (bit << index), 0),
    );
    const file = writeDicomImage({
      rows: 1,
      columns: 5,
      frames: 2,
      bitsAllocated: 1,
      pixels: Uint8Array.from(packed),
    });
    const image = await decodeDicom(file, { frame: 1 });
    expect([...image.values]).toEqual(bits.slice(5));
    expect([...image.display.data]).toEqual(bits.slice(5).map((bit) => 255 * bit));
  });

  it('of 8 bits are in words where big endian writes them as OW', async () => {
    const file = writeDicomImage({
      rows: 1,
      columns: 3,
      frames: 2,
      bitsAllocated: 8,
      transferSyntax: bigEndian,
      pixels: new Uint8Array(0),
      more: [[0x7fe00010, 'OW', Uint8Array.from([2, 1, 4, 3, 6, 5])]],
    });
    expect([...(await decodeDicom(file, { frame: 1 })).values]).toEqual([4, 5, 6]);
  });

  it('may be floats', async () => {
    const values = [-0.5, 0, 1.5, 2.25];
    for (const [tag, vr, stored] of [
      [0x7fe00008, 'OF', Float32Array.from(values)],
      [0x7fe00009, 'OD', Float64Array.from(values)],
    ] as const) {
      const pixels = new Uint8Array(stored.buffer);
      const header = { rows: 2, columns: 2, bitsAllocated: 8 * stored.BYTES_PER_ELEMENT };
      const whole = writeDicomImage({
        ...header,
        pixels: new Uint8Array(0),
        more: [[tag, vr, pixels]],
      });
      // The integer pixel data at the end, which this one has instead, is left out.
      const image = await decodeDicom(whole.slice(0, -12));
      expect([...image.values]).toEqual(values);
      expect([...image.display.data]).toEqual([0, 46, 185, 255]);
    }
  });

  it('are read of the frames that are there when later ones are cut off', async () => {
    const file = writeDicomImage({
      rows: 1,
      columns: 2,
      frames: 3,
      pixels: words([1, 2, 3, 4], 2),
    });
    expect([...(await decodeDicom(file, { frame: 1 })).values]).toEqual([3, 4]);
    await expect(decodeDicom(file, { frame: 2 })).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('needs 12 bytes, 8 are there'),
    });
    await expect(decodeDicom(file, { frame: 3 })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('modality values', () => {
  it('are sample · slope + intercept, integers where all are', async () => {
    const rescale = (slope: string, intercept: string): DicomElement[] => [
      [0x00281053, 'DS', slope],
      [0x00281052, 'DS', intercept],
    ];
    const whole = await decodeDicom(grey([-2, 0, 5], rescale('2', '-1024')));
    expect(whole.values).toEqual(Int32Array.of(-1028, -1024, -1014));
    const broken = await decodeDicom(grey([-2, 0, 5], rescale('0.3', '0.1')));
    expect(broken.values).toEqual(Float64Array.of(-2 * 0.3 + 0.1, 0.1, 5 * 0.3 + 0.1));
  });

  it('are entries of the modality table, clipped to it', async () => {
    const table: DicomElement[] = [
      [0x00283002, 'US', [3, 0xffff, 16]],
      [0x00283006, 'US', [100, 200, 300]],
    ];
    const image = await decodeDicom(grey([-5, -1, 0, 1, 9], [[0x00283000, 'SQ', [table]]]));
    expect([...image.values]).toEqual([100, 100, 200, 300, 300]);
  });

  it('come from the functional groups of enhanced objects, own before shared', async () => {
    const transform = (intercept: string): DicomElement => [
      0x00289145,
      'SQ',
      [
        [
          [0x00281052, 'DS', intercept],
          [0x00281053, 'DS', '1'],
        ],
      ],
    ];
    const measures: DicomElement = [0x00289110, 'SQ', [[[0x00280030, 'DS', '0.5\\0.25']]]];
    const window: DicomElement = [
      0x00289132,
      'SQ',
      [
        [
          [0x00281050, 'DS', '40\\50'],
          [0x00281051, 'DS', '80\\90'],
        ],
      ],
    ];
    const file = writeDicomImage({
      rows: 1,
      columns: 1,
      frames: 2,
      pixels: words([1, 2], 2),
      more: [
        [0x00281052, 'DS', '5000'],
        [0x52009229, 'SQ', [[measures, transform('100'), window]]],
        [0x52009230, 'SQ', [[], [transform('200')]]],
      ],
    });
    const [first, second, plain] = await Promise.all([
      decodeDicom(file),
      decodeDicom(file, { frame: 1 }),
      decodeDicom(file, { functionalGroups: false }),
    ]);
    expect([first.values[0], second.values[0], plain.values[0]]).toEqual([101, 202, 5001]);
    expect(first.spacing).toEqual({ row: 0.5, column: 0.25 });
    expect(first.window).toEqual({ center: 40, width: 80, function: 'LINEAR' });
    expect([plain.spacing, plain.window]).toEqual([undefined, undefined]);
  });
});

describe('grey display', () => {
  it('spreads the full range without a window, padding values included', async () => {
    const padding: DicomElement = [0x00280120, 'SS', -2000];
    const image = await decodeDicom(grey([-2000, 0, 2000], [padding]));
    expect([...image.display.data]).toEqual([0, 128, 255]);
    expect([...(await decodeDicom(grey([7, 7]))).display.data]).toEqual([0, 0]);
  });

  it('applies the first of several windows, another one or none as asked', async () => {
    const windows: DicomElement[] = [
      [0x00281050, 'DS', '10\\500'],
      [0x00281051, 'DS', '11\\5'],
    ];
    const file = grey([4, 5, 10, 15, 40], windows);
    const shown = async (window?: Parameters<typeof decodeDicom>[1]) => [
      ...(await decodeDicom(file, window)).display.data,
    ];
    // c − ½ − (w − 1) / 2 = 4.5: (x − 4.5) / 10 · 255 from there to 14.5.
    expect(await shown()).toEqual([0, 13, 140, 255, 255]);
    expect(await shown({ window: { center: 10, width: 12, function: 'LINEAR_EXACT' } })).toEqual([
      0, 21, 128, 234, 255,
    ]);
    expect(await shown({ window: 'full' })).toEqual([0, 7, 43, 78, 255]);
    expect(await shown({ window: 'brain' })).toEqual([13, 16, 32, 48, 129]);
  });

  it('is turned around for MONOCHROME1', async () => {
    const file = grey([0, 1, 4], [[0x00280004, 'CS', 'MONOCHROME1']]);
    expect([...(await decodeDicom(file)).display.data]).toEqual([255, 191, 0]);
  });

  it('uses the VOI table where there is no window', async () => {
    const table: DicomElement[] = [
      [0x00283002, 'US', [4, 10, 8]],
      [0x00283006, 'US', [0, 255, 51, 102]],
    ];
    const voi: DicomElement = [0x00283010, 'SQ', [table]];
    const image = await decodeDicom(grey([0, 11, 12, 50], [voi]));
    expect([...image.display.data]).toEqual([0, 255, 51, 102]);
    const windowed = await decodeDicom(grey([0, 11, 12, 50], [voi]), { window: 'full' });
    expect([...windowed.display.data]).toEqual([0, 56, 61, 255]);
  });
});

describe('colour display', () => {
  const rgb = [255, 0, 10, 20, 200, 30];

  it('keeps RGB of 8 bits and scales deeper ones, in pixels or planes', async () => {
    const image = { rows: 1, columns: 2, samplesPerPixel: 3 };
    const pixels = { ...image, bitsAllocated: 8, pixels: words(rgb, 1) };
    expect([...(await decodeDicom(writeDicomImage(pixels))).display.data]).toEqual(rgb);
    const planes = words([255, 20, 0, 200, 10, 30], 1);
    const planar = { ...pixels, pixels: planes, planar: 1 };
    expect([...(await decodeDicom(writeDicomImage(planar))).values]).toEqual(rgb);
    const deep = words(
      rgb.map((value) => 257 * value),
      2,
    );
    const sixteen = await decodeDicom(writeDicomImage({ ...image, pixels: deep }));
    expect([...sixteen.display.data]).toEqual(rgb);
    expect(sixteen.values[0]).toBe(65535);
  });

  it('converts YBR_FULL and YBR_FULL_422', async () => {
    const red = [76, 85, 255];
    const file = {
      rows: 1,
      columns: 2,
      samplesPerPixel: 3,
      bitsAllocated: 8,
      photometric: 'YBR_FULL',
      pixels: words([...red, 128, 128, 128], 1),
    };
    const image = await decodeDicom(writeDicomImage(file));
    expect([...image.display.data]).toEqual([254, 0, 0, 128, 128, 128]);
    expect([...image.values]).toEqual([...red, 128, 128, 128]);
    const halved = words([76, 100, 85, 255], 1);
    const half = { ...file, photometric: 'YBR_FULL_422', pixels: halved };
    const spread = await decodeDicom(writeDicomImage(half));
    expect([...spread.values]).toEqual([76, 85, 255, 100, 85, 255]);
  });

  it('looks up palettes of 8 and 16 bits and of segments', async () => {
    const palette = (colour: number, entries: number[]): DicomElement[] => [
      [0x00281101 + colour, 'US', [entries.length, 1, 16]],
      [0x00281201 + colour, 'OW', words(entries, 2)],
    ];
    const file = (more: readonly DicomElement[]) =>
      writeDicomImage({
        rows: 1,
        columns: 4,
        bitsAllocated: 8,
        photometric: 'PALETTE COLOR',
        pixels: Uint8Array.from([0, 1, 2, 9]),
        more,
      });
    const [red, green, blue] = [
      [0xff00, 0x8000],
      [0x1234, 0x4321],
      [0, 0xffff],
    ];
    const wide = [palette(0, red), palette(1, green), palette(2, blue)].flat();
    const image = await decodeDicom(file(wide));
    const [first, second] = [
      [255, 0x12, 0],
      [128, 0x43, 255],
    ];
    expect([...image.display.data]).toEqual([first, first, second, second].flat());
    expect([...image.values]).toEqual([0, 1, 2, 9]);

    const narrow = [0, 1, 2].flatMap((colour): DicomElement[] => [
      [0x00281101 + colour, 'US', [3, 0, 8]],
      [0x00281201 + colour, 'OW', Uint8Array.from([colour, 50, 99, 0])],
    ]);
    const eight = await decodeDicom(file(narrow));
    expect([...eight.display.data.subarray(0, 9)]).toEqual([0, 1, 2, 50, 50, 50, 99, 99, 99]);

    // One single value, a line of 4 steps to 0x8000, and the single value again.
    const segments = [0, 1, 0x4000, 1, 4, 0x8000, 2, 1, 0, 0];
    const segmented = [0, 1, 2].flatMap((colour): DicomElement[] => [
      [0x00281101 + colour, 'US', [6, 0, 16]],
      [0x00281221 + colour, 'OW', words(segments, 2)],
    ]);
    const expanded = await decodeDicom(file(segmented));
    expect([...expanded.display.data].filter((_, index) => index % 3 === 0)).toEqual([
      0x40, 0x50, 0x60, 0x40,
    ]);
    await expect(decodeDicom(file(wide.slice(1)))).rejects.toThrow(/palette/);
  });
});

describe('what cannot be decoded', () => {
  const pixels = words([1], 2);
  const failure = async (bytes: Uint8Array) => {
    const error = await decodeDicom(bytes).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(IqeError);
    expect(`${(error as IqeError).message} ${(error as IqeError).hint}`).not.toContain('Secret');
    expect((error as IqeError).code).toBe('unreadable');
    return (error as IqeError).message;
  };

  it('is named', async () => {
    const one = { rows: 1, columns: 1, pixels };
    expect(await failure(new Uint8Array(500))).toContain('not a DICOM file');
    expect(await failure(writeDicomImage({ ...one, rows: 0 }))).toContain('Rows 0');
    expect(await failure(writeDicomImage({ ...one, rows: 60000, columns: 60000 }))).toContain(
      'at most',
    );
    expect(await failure(writeDicomImage({ ...one, bitsAllocated: 12 }))).toContain(
      '12 bits allocated',
    );
    expect(await failure(writeDicomImage({ ...one, photometric: 'CMYK' }))).toContain(
      'photometric',
    );
    expect(await failure(writeDicomImage({ ...one, photometric: patientName }))).toContain(
      'photometric',
    );
    expect(await failure(writeDicomImage({ ...one, transferSyntax: '1.2.3.4' }))).toContain(
      '1.2.3.4',
    );
    expect(await failure(writeDicom([[0x00080060, 'CS', 'SR']]))).toContain('no pixel data');
    const directory = { sopClass: '1.2.840.10008.1.3.10' };
    expect(await failure(writeDicom([[0x00041130, 'CS', 'A']], directory))).toContain('DICOMDIR');
  });

  it('never shows the patient', async () => {
    const file = writeDicomImage({ rows: 8, columns: 8, pixels: words(new Array(64).fill(3), 2) });
    for (let length = 132; length < file.length; length += 3) await failure(file.slice(0, length));
  });
});
