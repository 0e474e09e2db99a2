import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareCodePoints,
  isImageName,
  type Sample,
  type Split,
  withoutExtension,
} from './layout.js';
import { derivePatients, patientsElsewhere } from './layoutPatients.js';

describe('names of images', () => {
  it.each([
    ['a.png', true, 'a'],
    ['a b/ü.JPEG', true, 'a b/ü'],
    ['scan.nii.gz', true, 'scan'],
    ['scan.v2.nii', true, 'scan.v2'],
    ['scan.gz', false, 'scan.gz'],
    ['png', false, 'png'],
    ['notes.txt', false, 'notes.txt'],
  ])('%s', (name, isImage, stem) => {
    expect(isImageName(name)).toBe(isImage);
    expect(withoutExtension(name)).toBe(stem);
  });
});

describe('compareCodePoints', () => {
  it('orders as the UTF-8 bytes do', () => {
    const text = fc.string({ unit: 'binary', maxLength: 5 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareCodePoints(a, b))).toBe(bytes);
      }),
    );
    // UTF-16 has these the other way round.
    expect(compareCodePoints('\u{1F600}', '\uFFFD')).toBeGreaterThan(0);
  });
});

describe('derivePatients', () => {
  it('takes what stands before the slice', () => {
    const ids = ['test/p07_052.png', 'test/p07_053.png', 'valid/p26_1.png', 'valid/p26_2.png'];
    expect(derivePatients(ids)).toEqual(['p07', 'p07', 'p26', 'p26']);
    expect(derivePatients(['00124_60.png', '00124_80.png', '3_1.nii.gz', '3_2.nii.gz'])).toEqual([
      '00124',
      '00124',
      '3',
      '3',
    ]);
  });

  it('leaves images alone that share their name with no other', () => {
    expect(derivePatients(['p1_1.png', 'p1_2.png', 'p2_1.png', 'p2_2.png', 'p3_1.png'])).toEqual([
      'p1',
      'p1',
      'p2',
      'p2',
      null,
    ]);
  });

  it.each([
    [
      'no digit before the number',
      ['normal_1.png', 'normal_2.png', 'benign_1.png', 'benign_2.png'],
    ],
    ['one name for all', ['scan1_1.png', 'scan1_2.png', 'scan1_3.png']],
    ['no slice', ['p1_a.png', 'p1_b.png', 'p2_a.png', 'p2_b.png']],
    ['no underscore', ['IM-0001-0002.png', 'IM-0001-0003.png']],
    [
      'too long for a slice',
      ['2019_20190101.png', '2019_20190102.png', '2020_1.png', '2020_2.png'],
    ],
  ])('finds none: %s', (_, ids) => {
    const patients = derivePatients(ids);
    expect(patients).toEqual(ids.map(() => null));
  });
});

describe('patientsElsewhere', () => {
  const sample = (patient: string | null, split: Split): Sample => ({
    id: `${patient} ${split}`,
    imagePath: '',
    label: 0,
    maskPath: null,
    split,
    patient,
    className: null,
  });

  it('counts the measured patients that other splits have too, each once', () => {
    const samples = [
      sample('a', 'valid'),
      sample('b', 'train'),
      sample(null, 'valid'),
      sample('a', 'test'),
      sample('a', 'test'),
      sample('b', 'test'),
      sample('c', 'test'),
      sample(null, 'test'),
    ];
    expect(patientsElsewhere({ samples }, samples.slice(3))).toBe(2);
    expect(patientsElsewhere({ samples }, samples.slice(6))).toBe(0);
    expect(patientsElsewhere({ samples }, [])).toBe(0);
  });
});
