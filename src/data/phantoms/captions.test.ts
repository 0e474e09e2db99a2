import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { type CaptionWords, type Finding, writeCaption } from './captions.js';

const finding: Finding = {
  nouns: ['effusion', 'MRI change'],
  looks: ['irregular', 'ultrasonic', 'unilateral'],
  place: 'left lung base',
  preposition: 'at',
  extent: 'large',
};
const words: CaptionWords = {
  pictures: ['MRI scan', 'ultrasound image', 'chest X-ray'],
  subjects: ['chest'],
  details: ['frontal view'],
  normal: ['no effusion'],
  finding: null,
};

function captions(of: CaptionWords): string[] {
  return Array.from({ length: 400 }, (_, seed) => writeCaption(of, new Random(seed)));
}

describe('writeCaption', () => {
  it('puts the right article before every word', () => {
    for (const caption of [...captions(words), ...captions({ ...words, finding })]) {
      expect(caption).not.toMatch(/\ba ([aeio]|MRI|ultra)/);
      expect(caption).not.toMatch(/\ban ([b-df-hj-np-tv-z]|uni)/);
    }
  });

  it('writes the prompts that CLIP models are asked with', () => {
    expect(captions(words)).toContain('a photo of a normal chest');
    expect(captions({ ...words, finding })).toContain('a photo of an abnormal chest');
  });

  it('names place and size of a lesion, in many wordings', () => {
    const all = captions({ ...words, finding });
    expect(new Set(all).size).toBeGreaterThan(150);
    expect(all.some((caption) => caption.includes('at the left lung base'))).toBe(true);
    expect(all.some((caption) => /large|big|extensive|sizeable/.test(caption))).toBe(true);
    expect(all.some((caption) => /small|tiny|little|subtle/.test(caption))).toBe(false);
  });

  it('gives plurals no article', () => {
    const plural = { ...finding, nouns: ['nodules'], plural: true };
    for (const caption of captions({ ...words, finding: plural })) {
      expect(caption).not.toMatch(/\ban? (\w+ )?nodules|there is/);
    }
  });
});
