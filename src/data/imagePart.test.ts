import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileOfImage, type ImagePart, imageName, splitImageName } from './imagePart.js';

describe('splitImageName', () => {
  it.each<[name: string, file: string, part: ImagePart]>([
    ['scan.nii.gz#axial=57', 'scan.nii.gz', { axis: 'axial', slice: 57 }],
    ['a/b c.dcm#frame=3', 'a/b c.dcm', { frame: 3 }],
    ['x.nii#frame=2,coronal=0', 'x.nii', { frame: 2, axis: 'coronal', slice: 0 }],
  ])('takes %s apart', (name, file, part) => {
    expect(splitImageName(name)).toEqual({ file, part });
    expect(fileOfImage(name)).toBe(file);
  });

  it.each(['a.png', 'case#12', 'case#12.png', 'a#axial=5.png', 'a#axial=-1', 'a#Axial=1', 'a#'])(
    'leaves %s whole',
    (name) => expect(splitImageName(name)).toEqual({ file: name, part: {} }),
  );
});

describe('imageName', () => {
  it('is taken apart again', () => {
    const place = fc.integer({ min: 0, max: 999_999_999 });
    const axis = fc.constantFrom('axial' as const, 'coronal' as const, 'sagittal' as const);
    const part: fc.Arbitrary<ImagePart> = fc.oneof(
      fc.constant({}),
      fc.record({ frame: place }),
      fc.record({ axis, slice: place }),
      fc.record({ frame: place, axis, slice: place }),
    );
    fc.assert(
      fc.property(fc.string(), part, (file, own) => {
        fc.pre(fileOfImage(file) === file);
        expect(splitImageName(imageName(file, own))).toEqual({ file, part: own });
      }),
      { seed: 1 },
    );
  });
});
