import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pattern, png, pngClaiming, tiff } from '../../test/support/images.js';
import { IqeError } from '../base/errors.js';
import { decodeImage, readImage, readImageHeader } from './decode.node.js';
import { unopenable } from './decodeErrors.node.js';

const W = 7;
const H = 5;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decode ünï '));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Keeps the first `kept` of every `channels` samples. */
function first(kept: number, channels: number, data: Uint8Array): Uint8Array {
  return data.filter((_, index) => index % channels < kept);
}

function bytesOf(values: Uint16Array | Int16Array | Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

async function caught(reading: Promise<unknown>): Promise<IqeError> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(IqeError);
  return error as IqeError;
}

describe('decodeImage', () => {
  it.each([
    ['grey', 1, 1],
    ['grey with alpha', 2, 1],
    ['RGB', 3, 3],
    ['RGBA, the colour under transparency kept', 4, 3],
  ] as const)('gives the samples of a PNG as stored: %s', async (_, channels, kept) => {
    const data = pattern(W, H, channels);
    const image = await decodeImage(await png(W, H, channels, data), 'x');
    expect(image).toEqual({
      width: W,
      height: H,
      channels: kept,
      data: first(kept, channels, data),
    });
  });

  it('gives plain arrays, whose slices are copies', async () => {
    const image = await decodeImage(await png(W, H, 1, pattern(W, H, 1)), 'x');
    expect(image.data.constructor).toBe(Uint8Array);
  });

  it('gives one channel where three are equal everywhere', async () => {
    const data = pattern(W, H, 1);
    const tripled = Uint8Array.from({ length: 3 * W * H }, (_, i) => data[Math.trunc(i / 3)] ?? 0);
    expect(await decodeImage(await png(W, H, 3, tripled), 'x')).toMatchObject({
      channels: 1,
      data,
    });
    tripled[0] = 255;
    expect((await decodeImage(await png(W, H, 3, tripled), 'x')).channels).toBe(3);
  });

  it('looks up palettes and widens single bits', async () => {
    const colours = [
      [250, 3, 9],
      [0, 0, 0],
      [17, 130, 40],
      [255, 255, 255],
    ];
    const rgb = Uint8Array.from({ length: W * H }, (_, i) => i % 4).reduce<number[]>(
      (all, index) => all.concat(colours[index] ?? []),
      [],
    );
    const palette = await sharp(Uint8Array.from(rgb), { raw: { width: W, height: H, channels: 3 } })
      .png({ palette: true, colours: 4, dither: 0 })
      .toBuffer();
    expect((await sharp(palette).metadata()).isPalette).toBe(true);
    expect((await decodeImage(palette, 'x')).data).toEqual(Uint8Array.from(rgb));

    const bits = tiff(8, 1, {
      channels: 1,
      photometric: 1,
      bits: 1,
      kind: 1,
      bytes: Uint8Array.of(0b10110000),
    });
    expect([...(await decodeImage(bits, 'x')).data]).toEqual([255, 0, 255, 255, 0, 0, 0, 0]);
  });

  it('reads 1×1', async () => {
    expect(await decodeImage(await png(1, 1, 1, Uint8Array.of(77)), 'x')).toEqual({
      width: 1,
      height: 1,
      channels: 1,
      data: Uint8Array.of(77),
    });
  });

  it('reads grey, colour and progressive JPEG, and lossless WebP', async () => {
    const raw = { raw: { width: 32, height: 24, channels: 3 } } as const;
    const source = sharp(pattern(32, 24, 3), raw).blur(4);
    const baseline = await decodeImage(await source.clone().jpeg().toBuffer(), 'x');
    const progressive = await source.clone().jpeg({ progressive: true }).toBuffer();
    expect(baseline).toMatchObject({ width: 32, height: 24, channels: 3 });
    expect(await decodeImage(progressive, 'x')).toEqual(baseline);
    const grey = await source.clone().toColourspace('b-w').jpeg().toBuffer();
    expect((await decodeImage(grey, 'x')).channels).toBe(1);
    const webp = await source.clone().webp({ lossless: true }).toBuffer();
    expect((await decodeImage(webp, 'x')).data).toEqual(
      new Uint8Array(await source.clone().raw().toBuffer()),
    );
  });

  it('turns CMYK into RGB without a colour profile, in TIFF and in JPEG', async () => {
    const cmyk = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => [200, 100, 0, 51][i % 4] ?? 0);
    const file = tiff(16, 16, { channels: 4, photometric: 5, bits: 8, kind: 1, bytes: cmyk });
    const image = await decodeImage(file, 'x');
    // (255 − 200) · (255 − 51) / 255 = 44 and so on.
    expect([...image.data.subarray(0, 3)]).toEqual([44, 124, 204]);
    const jpeg = await sharp(file)
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer();
    const lossy = await decodeImage(jpeg, 'x');
    for (let i = 0; i < lossy.data.length; i++) {
      expect(Math.abs((lossy.data[i] ?? 0) - (image.data[i] ?? 0))).toBeLessThanOrEqual(2);
    }
  });

  it('ignores EXIF orientation and embedded profiles', async () => {
    const data = pattern(W, H, 3);
    const turned = await sharp(data, { raw: { width: W, height: H, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .withIccProfile('p3', { attach: true })
      .png()
      .toBuffer();
    const stored = await sharp(turned, { ignoreIcc: true }).raw().toBuffer();
    expect(await sharp(turned).metadata()).toMatchObject({ orientation: 6, hasProfile: true });
    expect(await decodeImage(turned, 'x')).toEqual({
      width: W,
      height: H,
      channels: 3,
      data: new Uint8Array(stored),
    });
  });

  describe('of more than 8 bits', () => {
    const values = Uint16Array.from({ length: 1000 }, (_, i) => 500 + 3 * i);

    it('takes the central 99 % of grey values unless told otherwise', async () => {
      const { data } = await decodeImage(await png(100, 10, 1, values), 'x');
      // Ranks round(0.005 · 999) = 5 and round(0.995 · 999) = 994.
      const expected = [...values].map((value) =>
        Math.round(255 * Math.min(1, Math.max(0, (value - 515) / (3482 - 515)))),
      );
      expect([...data]).toEqual(expected);
    });

    it('takes other percentiles, or the full range, when told so', async () => {
      const file = await png(100, 10, 1, values);
      const whole = await decodeImage(file, 'x', { range: { percentiles: [0, 100] } });
      expect([whole.data[0], whole.data[999]]).toEqual([0, 255]);
      const full = await decodeImage(file, 'x', { range: 'full' });
      expect([...full.data]).toEqual([...values].map((value) => value >> 8));
    });

    it('reads the same from a 16-bit TIFF', async () => {
      const file = tiff(100, 10, {
        channels: 1,
        photometric: 1,
        bits: 16,
        kind: 1,
        bytes: bytesOf(values),
      });
      expect(await decodeImage(file, 'x')).toEqual(
        await decodeImage(await png(100, 10, 1, values), 'x'),
      );
    });

    it('takes the high byte of colours and drops their alpha', async () => {
      const rgba = Uint16Array.from({ length: W * H * 4 }, (_, i) => (i * 4099) % 65536);
      const { data, channels } = await decodeImage(await png(W, H, 4, rgba), 'x');
      expect(channels).toBe(3);
      expect([...data]).toEqual([...rgba].filter((_, i) => i % 4 < 3).map((value) => value >> 8));
    });

    it.each([
      ['floats', 32, 3, Float32Array.of(-0.5, 0, 0.5, 1.5)],
      ['signed 32-bit integers', 32, 2, Int32Array.of(-100_000, 0, 100_000, 300_000)],
    ] as const)(
      'spreads %s from the smallest to the largest value',
      async (_, bits, kind, samples) => {
        const bytes = bytesOf(samples);
        const file = tiff(4, 1, { channels: 1, photometric: 1, bits, kind, bytes });
        const { data } = await decodeImage(file, 'x', { range: 'full' });
        expect([...data]).toEqual([0, 64, 128, 255]);
      },
    );

    it('keeps signed 16-bit values in order, Hounsfield units for one', async () => {
      const bytes = bytesOf(Int16Array.of(-1000, 0, 1000, 3000));
      const file = tiff(4, 1, { channels: 1, photometric: 1, bits: 16, kind: 2, bytes });
      const range = { percentiles: [0, 100] } as const;
      expect([...(await decodeImage(file, 'x', { range })).data]).toEqual([0, 64, 128, 255]);
      const full = await decodeImage(file, 'x', { range: 'full' });
      expect([...full.data]).toEqual([124, 128, 131, 139]);
    });

    it('leaves values that are no numbers out of the range', async () => {
      const bytes = bytesOf(
        Float32Array.of(Number.NaN, 2, Number.POSITIVE_INFINITY, 4, Number.NEGATIVE_INFINITY),
      );
      const file = tiff(5, 1, { channels: 1, photometric: 1, bits: 32, kind: 3, bytes });
      expect([...(await decodeImage(file, 'x', { range: 'full' })).data]).toEqual([
        0, 0, 255, 255, 0,
      ]);
    });

    it('makes an even image black', async () => {
      const { data } = await decodeImage(await png(3, 1, 1, Uint16Array.of(900, 900, 900)), 'x');
      expect([...data]).toEqual([0, 0, 0]);
    });
  });
});

describe('bad input', () => {
  /** What lies at the path, then what the error says. */
  const table: [what: string, content: () => Promise<Uint8Array> | Uint8Array, says: RegExp][] = [
    ['text', () => Buffer.from('hello, this is no image at all'), /it is not an image/],
    ['an empty file', () => Buffer.alloc(0), /it is empty \(0 bytes\)/],
    ['a BMP', () => Buffer.from('BM6\0\0\0\0\0\0\0'), /it is a BMP, not PNG/],
    ['a web page', () => Buffer.from('<!DOCTYPE html><html></html>'), /it is a web page/],
    [
      'a Git LFS pointer',
      () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
      /Git LFS pointer/,
    ],
    ['a DICOM file', () => Buffer.from(`${'\0'.repeat(128)}DICM\0\0\0\0`), /transfer syntax/],
    ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9"/>'), /svg/i],
    ['the start of a PNG', () => Buffer.from('\x89PNG\r\n', 'latin1'), /damaged or cut short/],
    [
      'half a PNG',
      async () => half(await png(64, 64, 3, pattern(64, 64, 3))),
      /damaged or cut short/,
    ],
    ['half a JPEG', async () => half(await noise().jpeg().toBuffer()), /damaged or cut short/],
    [
      'half a progressive JPEG',
      async () => half(await noise().jpeg({ progressive: true }).toBuffer()),
      /damaged or cut short/,
    ],
    ['half a TIFF', async () => half(await noise().tiff().toBuffer()), /damaged or cut short/],
    [
      '20,000×20,000 pixels',
      () => pngClaiming(20_000, 20_000),
      /it has 20000×20000 pixels, more than the limit of 100 million/,
    ],
    [
      'a float picture in colour',
      () =>
        tiff(1, 1, {
          channels: 3,
          photometric: 2,
          bits: 32,
          kind: 3,
          bytes: bytesOf(Float32Array.of(0, 0.5, 1)),
        }),
      /channels of type float/,
    ],
  ];

  function half(bytes: Buffer): Buffer {
    return bytes.subarray(0, bytes.length / 2);
  }

  function noise() {
    return sharp(pattern(64, 64, 3), { raw: { width: 64, height: 64, channels: 3 } });
  }

  it.each(table)('%s', async (what, content, says) => {
    const path = join(folder, `${what.replaceAll(/\W/g, '_')}.png`);
    await writeFile(path, await content());
    const error = await caught(readImage(path));
    expect(error.code).toBe('unreadable');
    expect(error.message).toContain(path);
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('\n');
    expect(error.hint).toBeTruthy();
  });

  it('a folder', async () => {
    const path = join(folder, 'folder.png');
    await mkdir(path);
    expect((await caught(readImage(path))).message).toContain('it is a folder');
    expect((await caught(readImageHeader(path))).message).toContain('it is a folder');
  });

  it('nothing there', async () => {
    const path = join(folder, 'missing.png');
    expect((await caught(readImage(path))).message).toContain('there is no such file');
    expect((await caught(readImageHeader(path))).message).toContain('there is no such file');
  });

  it('no permission', () => {
    // Asked of the error itself: a superuser may read everything.
    const error = unopenable('locked.png', Object.assign(new Error(), { code: 'EACCES' }));
    expect(error.message).toBe('Cannot read locked.png: there is no permission to read it.');
  });

  it('takes large images when told so, and refuses small ones likewise', async () => {
    const file = await png(W, H, 1, pattern(W, H, 1));
    const error = await caught(decodeImage(file, 'x', { maxPixels: W * H - 1 }));
    expect(error.message).toContain(`it has ${W}×${H} pixels`);
    expect((await decodeImage(file, 'x', { maxPixels: W * H })).width).toBe(W);
  });

  it('does not start when interrupted', async () => {
    const path = join(folder, 'interrupted.png');
    await writeFile(path, await png(1, 1, 1, Uint8Array.of(0)));
    const error = await caught(readImage(path, { signal: AbortSignal.abort() }));
    expect(error.code).toBe('interrupted');
  });

  it.each(['png', 'jpeg', 'webp', 'tiff', 'gif'] as const)(
    'cut anywhere, a %s gives an error or the whole picture',
    async (format) => {
      const bytes = await noise().toFormat(format).toBuffer();
      const whole = await decodeImage(bytes, 'x');
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length), async (length) => {
          const result = await decodeImage(bytes.subarray(0, length), 'x').catch((e: unknown) => e);
          if (result instanceof IqeError) expect(result.code).toBe('unreadable');
          else expect(result).toEqual(whole);
        }),
        { numRuns: 40, seed: 1 },
      );
    },
  );

  it.each(['png', 'jpeg', 'webp', 'tiff'] as const)(
    'with bytes changed anywhere, a %s gives an error or a whole picture',
    async (format) => {
      const bytes = await noise().toFormat(format).toBuffer();
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
          const changed = Buffer.from(bytes);
          changed[at] = value;
          const result = await decodeImage(changed, 'x').catch((e: unknown) => e);
          if (result instanceof IqeError) return;
          const { width, height, channels, data } = result as Awaited<
            ReturnType<typeof decodeImage>
          >;
          expect(data.length).toBe(width * height * channels);
        }),
        { numRuns: 60, seed: 1 },
      );
    },
  );
});

describe('readImage and readImageHeader', () => {
  it('read paths with spaces and Unicode', async () => {
    const path = join(folder, 'größe 大きさ é.png');
    await writeFile(path, await png(W, H, 3, pattern(W, H, 3)));
    expect((await readImage(path)).data).toEqual(pattern(W, H, 3));
    expect(await readImageHeader(path)).toEqual({
      format: 'png',
      width: W,
      height: H,
      bits: 8,
      images: 1,
    });
  });

  it('see a file that was written anew', async () => {
    const path = join(folder, 'again.png');
    for (const width of [2, 3]) {
      await writeFile(path, await png(width, 1, 1, pattern(width, 1, 1)));
      expect((await readImage(path)).width).toBe(width);
      expect((await readImageHeader(path)).width).toBe(width);
    }
  });

  it('name the bits of a sample', async () => {
    const path = join(folder, 'deep.png');
    await writeFile(path, await png(2, 1, 1, Uint16Array.of(1, 2)));
    expect((await readImageHeader(path)).bits).toBe(16);
  });
});
