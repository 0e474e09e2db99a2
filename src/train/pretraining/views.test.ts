import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { Random } from '../../base/random.js';
import { imagePlanes, normalizePlanes } from '../../clip/preprocess.js';
import { drawPhantom } from '../../data/phantoms/drawPhantom.js';
import { choosePatches, drawView, patchCoverage, type View, writePatches } from './views.js';

const size = 64;
const patchSize = 16;
const grid = size / patchSize;

/** A view as `views.ts` would draw it with no augmentation at all. */
function plainView(right = 0, down = 0): View {
  const pixel = { width: 1, height: 1, channels: 1 } as const;
  const values = new Float32Array(3 * 256);
  for (let value = 0; value < 256; value++) {
    const planes = new Float32Array(3);
    normalizePlanes(imagePlanes({ ...pixel, data: Uint8Array.of(value) }, 1), 'clip', planes);
    for (let channel = 0; channel < 3; channel++) values[channel * 256 + value] = planes[channel]!;
  }
  return { right, down, values };
}

describe.each(['ultrasound', 'histology'] as const)('patches of %s', (modality) => {
  const phantom = drawPhantom({ modality, lesion: 'random', size, random: new Random(4) });
  const planes = new Float32Array(3 * size * size);
  normalizePlanes(imagePlanes(phantom.image, size), 'clip', planes);

  it.each([
    [0, 0],
    [5, -9],
  ])('are those of the normalised image, moved by %i and %i', (right, down) => {
    const patches = [0, 6, 15];
    const strip = new Float32Array(3 * patchSize * patchSize * patches.length);
    writePatches(phantom, plainView(right, down), patches, patchSize, strip);
    const clamp = (position: number) => Math.min(size - 1, Math.max(0, position));
    const expected: number[] = [];
    for (let channel = 0; channel < 3; channel++) {
      for (let y = 0; y < patchSize; y++) {
        for (const patch of patches) {
          for (let x = 0; x < patchSize; x++) {
            const row = clamp(Math.floor(patch / grid) * patchSize + y + down);
            const column = clamp((patch % grid) * patchSize + x + right);
            expected.push(planes[(channel * size + row) * size + column]!);
          }
        }
      }
    }
    expectClose(strip, expected, 1e-6);
  });

  it('are covered by the mask as much as the whole picture is', () => {
    const all = Array.from({ length: grid * grid }, (_, patch) => patch);
    const coverage = patchCoverage(phantom, { right: 0, down: 0 }, all, patchSize);
    const mean = coverage.reduce((sum, share) => sum + share, 0) / all.length;
    expect(mean).toBeCloseTo(phantom.lesion!.area, 6);
  });
});

describe('drawView', () => {
  it('keeps the order of grey values and stays in the range of normalised pixels', () => {
    const { values } = plainView();
    for (let seed = 0; seed < 20; seed++) {
      const view = drawView(new Random(seed));
      for (let channel = 0; channel < 3; channel++) {
        const drawn = view.values.subarray(channel * 256, (channel + 1) * 256);
        expect([...drawn].every((value, index) => index === 0 || value >= drawn[index - 1]!)).toBe(
          true,
        );
        expect(drawn[0]).toBeGreaterThanOrEqual(values[channel * 256]! - 1e-6);
        expect(drawn[255]).toBeLessThanOrEqual(values[channel * 256 + 255]! + 1e-6);
      }
    }
  });
});

describe('choosePatches', () => {
  it('gives as many as asked for, once each, in order, with the focus and what is around it', () => {
    const cases = fc.record({
      side: fc.integer({ min: 3, max: 15 }),
      count: fc.integer({ min: 9, max: 230 }),
      place: fc.double({ min: 0, max: 0.999, noNaN: true }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, ({ side, count, place, seed }) => {
        const focus = Math.floor(place * side * side);
        const chosen = choosePatches(side, count, focus, new Random(seed));
        expect(chosen.length).toBe(Math.min(count, side * side));
        expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
        expect(chosen).toContain(focus);
        if (focus % side > 0) expect(chosen).toContain(focus - 1);
        if (focus >= side) expect(chosen).toContain(focus - side);
        expect(chosen.at(-1)).toBeLessThan(side * side);
      }),
    );
  });
});
