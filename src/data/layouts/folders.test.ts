import { describe, expect, it } from 'vitest';
import { readFolderNames, readUnlabelled } from './folders.js';
import type { Reading } from './reading.js';

/** One line a sample: image, label, split, class and mask, as far as they are known. */
function lines(reading: Reading | null): string[] {
  return (reading?.samples ?? []).map(({ image, label, split, className, mask }) =>
    [image, label, split, className, mask].filter((value) => value !== null).join(' '),
  );
}

describe('the benchmark', () => {
  it.each(['anomaly_mask', 'label', 'mask', 'masks', 'ground_truth', 'Label'])(
    'has splits, good and Ungood, and masks in %s',
    (masks) => {
      const reading = readFolderNames([
        'test/Ungood/img/a.png',
        `test/Ungood/${masks}/a.png`,
        'test/good/img/a.png',
        'train/good/img/b.png',
        'valid/good/img/c.png',
      ]);
      expect(reading?.layout).toBe('benchmark');
      expect(lines(reading)).toEqual([
        `test/Ungood/img/a.png 1 test test/Ungood/${masks}/a.png`,
        'test/good/img/a.png 0 test',
        'train/good/img/b.png 0 train',
        'valid/good/img/c.png 0 valid',
      ]);
      expect(reading?.problems).toEqual([]);
    },
  );

  it('may lack img/, and masks may have another extension', () => {
    const reading = readFolderNames([
      'test/Ungood/a.jpeg',
      'test/Ungood/label/a.png',
      'test/good/b.JPG',
      'val/good/c.tif',
    ]);
    expect(reading?.layout).toBe('benchmark');
    expect(lines(reading)).toEqual([
      'test/Ungood/a.jpeg 1 test test/Ungood/label/a.png',
      'test/good/b.JPG 0 test',
      'val/good/c.tif 0 valid',
    ]);
  });

  it('has folders within folders', () => {
    const reading = readFolderNames([
      'test/Ungood/img/p1/1.png',
      'test/Ungood/img/p2/1.png',
      'test/Ungood/anomaly_mask/p2/1.png',
      'test/good/img/p1/1.png',
    ]);
    expect(lines(reading)).toEqual([
      'test/Ungood/img/p1/1.png 1 test',
      'test/Ungood/img/p2/1.png 1 test test/Ungood/anomaly_mask/p2/1.png',
      'test/good/img/p1/1.png 0 test',
    ]);
  });

  it('tells masks without an image and images that lie elsewhere', () => {
    const reading = readFolderNames([
      'test/Ungood/img/a.png',
      'test/Ungood/anomaly_mask/other.png',
      'test/good/img/b.png',
      'overview.png',
      'figures/plot.png',
    ]);
    expect(reading?.problems.map(({ kind, paths }) => [kind, paths])).toEqual([
      ['mask-without-image', ['test/Ungood/anomaly_mask/other.png']],
      ['ignored-images', ['figures/plot.png', 'overview.png']],
    ]);
  });

  it('has volumes and DICOM files', () => {
    const reading = readFolderNames([
      'test/Ungood/img/a.nii.gz',
      'test/Ungood/anomaly_mask/a.nii',
      'test/good/img/b.dcm',
    ]);
    expect(lines(reading)).toEqual([
      'test/Ungood/img/a.nii.gz 1 test test/Ungood/anomaly_mask/a.nii',
      'test/good/img/b.dcm 0 test',
    ]);
  });
});

describe('MVTec', () => {
  it('has defects, and masks beside the splits', () => {
    const reading = readFolderNames([
      'ground_truth/crack/000_mask.png',
      'ground_truth/poke/000_mask.png',
      'test/crack/000.png',
      'test/good/000.png',
      'test/poke/000.png',
      'test/poke/001.png',
      'train/good/000.png',
    ]);
    expect(reading?.layout).toBe('mvtec');
    expect(lines(reading)).toEqual([
      'test/crack/000.png 1 test crack ground_truth/crack/000_mask.png',
      'test/good/000.png 0 test',
      'test/poke/000.png 1 test poke ground_truth/poke/000_mask.png',
      'test/poke/001.png 1 test poke',
      'train/good/000.png 0 train',
    ]);
  });

  it('has masks by split too', () => {
    const reading = readFolderNames([
      'masks/test/crack/0.png',
      'masks/valid/crack/0.png',
      'test/crack/0.png',
      'valid/crack/0.png',
      'valid/good/0.png',
    ]);
    expect(lines(reading)).toEqual([
      'test/crack/0.png 1 test crack masks/test/crack/0.png',
      'valid/crack/0.png 1 valid crack masks/valid/crack/0.png',
      'valid/good/0.png 0 valid',
    ]);
  });

  it('may have diseases in both splits', () => {
    const reading = readFolderNames([
      'test/NORMAL/a.jpeg',
      'test/PNEUMONIA/b.jpeg',
      'train/NORMAL/c.jpeg',
      'train/PNEUMONIA/d.jpeg',
    ]);
    expect(reading?.layout).toBe('mvtec');
    expect(lines(reading)).toEqual([
      'test/NORMAL/a.jpeg 0 test',
      'test/PNEUMONIA/b.jpeg 1 test PNEUMONIA',
      'train/NORMAL/c.jpeg 0 train',
      'train/PNEUMONIA/d.jpeg 1 train PNEUMONIA',
    ]);
  });
});

describe('plain folders', () => {
  it.each([
    ['normal', 'abnormal'],
    ['good', 'Ungood'],
    ['no', 'yes'],
    ['Healthy', 'anomaly'],
    ['NEGATIVE', 'Positive'],
  ])('%s and %s', (normal, abnormal) => {
    const reading = readFolderNames([`${abnormal}/a b.png`, `${normal}/é.png`]);
    expect(reading?.layout).toBe('plain');
    expect(lines(reading)).toEqual([`${abnormal}/a b.png 1`, `${normal}/é.png 0`]);
  });

  it('may name diseases, with masks beside their images', () => {
    const reading = readFolderNames([
      'benign/benign (1).png',
      'benign/benign (1)_mask.png',
      'benign/benign (1)_mask_1.png',
      'malignant/malignant (1).png',
      'malignant/malignant (1)_mask.png',
      'normal/normal (1).png',
      'normal/normal (1)_mask.png',
    ]);
    expect(lines(reading)).toEqual([
      'benign/benign (1).png 1 benign benign/benign (1)_mask.png',
      'malignant/malignant (1).png 1 malignant malignant/malignant (1)_mask.png',
      'normal/normal (1).png 0 normal/normal (1)_mask.png',
    ]);
    expect(reading?.problems).toMatchObject([
      { kind: 'mask-without-image', paths: ['benign/benign (1)_mask_1.png'] },
    ]);
  });

  it('leave other folders alone where one is named as abnormal', () => {
    const reading = readFolderNames(['abnormal/a.png', 'normal/b.png', 'overlays/a.png']);
    expect(lines(reading)).toEqual(['abnormal/a.png 1', 'normal/b.png 0']);
    expect(reading?.problems).toMatchObject([
      { kind: 'ignored-images', paths: ['overlays/a.png'] },
    ]);
  });

  it('give a mask that fits two images to the abnormal one', () => {
    const reading = readFolderNames(['masks/1.png', 'normal/1.png', 'positive/1.png']);
    expect(lines(reading)).toEqual(['normal/1.png 0', 'positive/1.png 1 masks/1.png']);
  });

  it('may lie in images/ beside masks/', () => {
    const reading = readFolderNames([
      'images/abnormal/1.png',
      'images/normal/1.png',
      'masks/abnormal/1_segmentation.png',
    ]);
    expect(lines(reading)).toEqual([
      'images/abnormal/1.png 1 masks/abnormal/1_segmentation.png',
      'images/normal/1.png 0',
    ]);
  });
});

describe('images without labels', () => {
  it('are no folders of labels', () => {
    expect(readFolderNames(['a.png', 'p1/b.png', 'test/c.png'])).toBeNull();
  });

  it('are all images but the masks', () => {
    const reading = readUnlabelled(['a.png', 'images/b.png', 'masks/b.png', 'test/c.png']);
    expect(reading.layout).toBe('images');
    expect(lines(reading)).toEqual(['a.png', 'images/b.png masks/b.png', 'test/c.png test']);
  });
});
