import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputName, outputNames } from './outputNames.js';

describe('outputName', () => {
  it('has the place of an image among several', () => {
    expect(outputName('a/scan', {})).toBe('a/scan');
    expect(outputName('a/scan', { axis: 'axial', slice: 7 })).toBe('a/scan.007');
    expect(outputName('cine', { frame: 1234 })).toBe('cine.1234');
    expect(outputName('series', { frame: 1, axis: 'coronal', slice: 20 })).toBe('series.001.020');
  });
});

describe('outputNames', () => {
  it('drops the extension and keeps folders and Unicode', () => {
    expect(outputNames(['a/x.png', 'b/x.png', 'Röntgen 肺/é.jpg', 'scan', '.hidden'])).toEqual([
      'a/x',
      'b/x',
      'Röntgen 肺/é',
      'scan',
      '.hidden',
    ]);
  });

  it('keeps the extension where names would be the same', () => {
    expect(outputNames(['x.png', 'y.png', 'x.jpg'])).toEqual(['x.png', 'y', 'x.jpg']);
    expect(outputNames(['x.png', 'x.jpg', 'x.png.dcm'])).toEqual(['x.png-2', 'x.jpg', 'x.png']);
    expect(outputNames(['x.png', 'X.PNG', 'x.png'])).toEqual(['x.png', 'X.PNG-2', 'x.png-3']);
  });

  it('has room for the slices of volumes', () => {
    expect(outputNames(['a/x.nii.gz', 'y.NII.GZ', '.nii.gz'])).toEqual(['a/x', 'y', '.nii']);
    expect(outputNames(['x.nii', 'x.012.png', 'y.012.png', 'x.12.png'])).toEqual([
      'x',
      'x.012.png',
      'y.012',
      'x.12',
    ]);
  });

  it('never leaves the output folder and avoids what a file system forbids', () => {
    expect(outputNames(['../../etc/x.png', '/abs/y.png', 'a\\b.png', 'q?:z.png', '..'])).toEqual([
      'etc/x',
      'abs/y',
      'a/b',
      'q__z',
      'input',
    ]);
  });

  it('shortens a name that leaves no room for a suffix, and keeps it apart from its like', () => {
    const long = '脳'.repeat(84);
    const names = outputNames([`${long}1.png`, `${long}2.png`]);
    for (const name of names)
      expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(205);
    expect(new Set(names).size).toBe(2);
  });

  it('gives every input a name of its own, whatever the letter case', () => {
    const segment = fc.stringMatching(/^[abAB.]{1,4}$/);
    const paths = fc.array(fc.array(segment, { minLength: 1, maxLength: 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(paths, (lists) => {
        const names = outputNames(lists.map((list) => list.join('/')));
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(lists.length);
        expect(names.every((name) => name !== '' && !/(^|\/)\.\.(\/|$)|^\//.test(name))).toBe(true);
      }),
      { seed: 1 },
    );
  });
});
