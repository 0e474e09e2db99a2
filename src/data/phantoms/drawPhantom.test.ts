import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { drawPhantom, lesionKinds } from './drawPhantom.js';
import { type Modality, modalities, type Phantom } from './phantom.js';

const size = 96;

/** What at least one word of every caption has to be, by modality. */
const vocabulary: Readonly<Record<Modality, RegExp>> = {
  'brain-mr': /brain|head|MRI|MR\b/i,
  'head-ct': /head|brain|CT\b/i,
  'chest-xray': /chest|thorax/i,
  'abdominal-ct': /abdom|liver/i,
  'retinal-oct': /retina|macula|OCT/i,
  ultrasound: /ultrasound|sonogram|breast|liver|abdom/i,
  histology: /histo|tissue|lymph node|colon|H&E|micros/i,
  mammography: /mammogra|breast/i,
  dermoscopy: /dermo|dermatoscop|skin/i,
};

/** The smallest and largest share of a picture that a lesion may cover; tissue can be diseased all over. */
function plausibleArea(modality: Modality): { least: number; most: number } {
  return { least: 0.0002, most: modality === 'histology' ? 0.95 : 0.5 };
}

function draw(modality: Modality, lesion: string | null, seed: number, side = size): Phantom {
  return drawPhantom({ modality, lesion, size: side, random: new Random(seed, modality) });
}

function meanChange(a: Phantom, b: Phantom, where: (pixel: number) => boolean): number {
  const { channels } = a.image;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < a.mask.length; i++) {
    if (!where(i)) continue;
    for (let c = 0; c < channels; c++) {
      const at = i * channels + c;
      sum += Math.abs((a.image.data[at] as number) - (b.image.data[at] as number));
    }
    count += channels;
  }
  return count === 0 ? 0 : sum / count;
}

describe.each(modalities)('phantom of %s', (modality) => {
  const kinds = lesionKinds(modality);

  it('is the same for the same seed and another for another', () => {
    const first = draw(modality, 'random', 1);
    expect(draw(modality, 'random', 1)).toEqual(first);
    expect(draw(modality, 'random', 2).image.data).not.toEqual(first.image.data);
  });

  it('has an empty mask and no lesion when normal, at sizes 32, 77 and 240', () => {
    for (const side of [32, 77, 240]) {
      const phantom = drawPhantom({ modality, lesion: null, size: side, random: new Random(side) });
      expect(phantom.lesion).toBeNull();
      expect(phantom.mask.length).toBe(side * side);
      expect(phantom.mask.includes(1)).toBe(false);
      const { image } = phantom;
      expect([image.width, image.height]).toEqual([side, side]);
      expect(image.data.length).toBe(side * side * image.channels);
    }
  });

  it('uses the range of grey values, whatever is drawn', () => {
    for (let seed = 0; seed < 8; seed++) {
      const { image } = draw(modality, seed % 2 ? 'random' : null, seed);
      const sorted = Uint8Array.from(image.data).sort();
      const low = sorted[Math.floor(0.02 * sorted.length)] as number;
      const high = sorted[Math.floor(0.98 * sorted.length)] as number;
      expect(high - low).toBeGreaterThan(40);
    }
  });

  it.each(kinds)('draws "%s": a mask of plausible area, changed inside and not outside', (kind) => {
    const plausible = plausibleArea(modality);
    let inside = 0;
    let outside = 0;
    for (let seed = 0; seed < 4; seed++) {
      const phantom = draw(modality, kind, seed);
      const healthy = draw(modality, null, seed);
      expect(phantom.lesion?.kind).toBe(kind);
      expect(phantom.lesion?.area).toBeGreaterThan(plausible.least);
      expect(phantom.lesion?.area).toBeLessThan(plausible.most);
      const covered = phantom.mask.reduce((sum, value) => sum + value, 0);
      expect(covered / phantom.mask.length).toBeCloseTo(phantom.lesion?.area ?? 0, 12);
      inside += meanChange(phantom, healthy, (i) => phantom.mask[i] === 1);
      outside += meanChange(phantom, healthy, (i) => phantom.mask[i] === 0);
    }
    expect(inside / 4).toBeGreaterThan(6);
    expect(outside).toBeLessThan(inside / 4);
  });

  it('never has an empty mask with a lesion, not even on 32 pixels', () => {
    for (let seed = 0; seed < 6; seed++) {
      for (const kind of kinds) {
        expect(draw(modality, kind, seed, 32).mask.includes(1), `${kind} ${seed}`).toBe(true);
      }
    }
  });

  it('says in its caption what is seen', () => {
    const normalWords =
      /normal|healthy|unremarkable|flawless|without|no |clear|sharp|regular|homogeneous|symmetric/i;
    const captions = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const normal = draw(modality, null, seed, 32);
      const abnormal = draw(modality, 'random', seed, 32);
      captions.add(normal.caption).add(abnormal.caption);
      for (const { caption } of [normal, abnormal]) {
        expect(caption).toMatch(vocabulary[modality]);
        expect(caption).not.toMatch(/undefined| {2}|\ba [aeio]/);
      }
      expect(normal.caption).toMatch(normalWords);
      expect(abnormal.caption).not.toMatch(/\bnormal\b|healthy|unremarkable|flawless|\bno\b/);
    }
    expect(captions.size).toBeGreaterThan(70);
  });
});

describe('drawPhantom', () => {
  it('refuses what it cannot draw and says what it can', () => {
    const random = new Random(0);
    const base = { modality: 'brain-mr', lesion: null, size: 64, random } as const;
    expect(() => drawPhantom({ ...base, size: 8 })).toThrowError(/8 pixels/);
    expect(() => drawPhantom({ ...base, lesion: 'broken leg' })).toThrowError(/broken leg/);
    expect(() => drawPhantom({ ...base, modality: 'foot' as Modality })).toThrowError(/foot/);
  });
});
