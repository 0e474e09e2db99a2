import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { isSixteenBitGreyPng, withoutJpegExif } from './encodedPicture.js';

const plain = { create: { width: 9, height: 5, channels: 3, background: '#abc' } } as const;

describe('withoutJpegExif', () => {
  it('takes out the orientation and leaves the pixels', async () => {
    const turned = await sharp(plain).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const straight = withoutJpegExif(turned);
    expect((await sharp(turned).metadata()).orientation).toBe(6);
    expect((await sharp(straight).metadata()).orientation).toBeUndefined();
    expect(await sharp(straight).raw().toBuffer()).toEqual(await sharp(turned).raw().toBuffer());
  });

  it('leaves everything else as it is, damaged JPEGs too', async () => {
    const jpeg = await sharp(plain).jpeg().toBuffer();
    const png = await sharp(plain).png().toBuffer();
    const cut = jpeg.subarray(0, 23);
    for (const bytes of [jpeg, png, cut, jpeg.subarray(0, 2), new Uint8Array(0)]) {
      expect(Buffer.from(withoutJpegExif(bytes))).toEqual(Buffer.from(bytes));
    }
  });
});

describe('isSixteenBitGreyPng', () => {
  it('tells depth and colour', async () => {
    const grey = sharp(new Uint16Array(45), { raw: { width: 9, height: 5, channels: 1 } });
    const sixteen = await grey.toColourspace('grey16').png().toBuffer();
    expect((await sharp(sixteen).metadata()).depth).toBe('ushort');
    expect(isSixteenBitGreyPng(sixteen)).toBe(true);
    const colours = await sharp(plain).toColourspace('rgb16').png().toBuffer();
    const eight = await sharp(plain).toColourspace('b-w').png().toBuffer();
    for (const bytes of [colours, eight, new Uint8Array(3)])
      expect(isSixteenBitGreyPng(bytes)).toBe(false);
  });
});
