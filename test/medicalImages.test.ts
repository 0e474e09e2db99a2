import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Random } from '../src/base/random.js';
import { type DicomElement, words, writeDicom, writeDicomImage } from './support/dicomWriter.js';
import { writeNifti } from './support/niftiWriter.js';
import { evaluationSchema, fitSchema, predictionsSchema } from './support/promises.js';
import { drawSpot } from './support/smallDataSet.js';
import { Workplace } from './support/workplace.js';

const reportSchema = predictionsSchema.extend({
  volumes: z
    .array(
      z.strictObject({
        path: z.string(),
        images: z.int().min(1),
        of: z.int().min(1),
        score: z.number(),
        label: z.enum(['normal', 'abnormal']).nullable(),
        highest: z.string(),
      }),
    )
    .optional(),
});

const size = 40;
const slices = 6;
let place: Workplace;
const run = () => place.at('run');

/** Spots in the odd slices, in values of 0 to 2550, and their mask. */
function drawVolume(seed: number) {
  const drawn = Array.from({ length: slices }, (_, slice) =>
    drawSpot(size, slice % 2 === 1, new Random(seed, slice)),
  );
  const all = (key: 'image' | 'mask') => drawn.flatMap((slice) => [...slice[key]]);
  return { values: all('image').map((value) => 10 * value), mask: all('mask') };
}

const grid = {
  shape: [size, size, slices],
  datatype: 512,
  sform: [1, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]],
} as const;

function dicom(seed: number, frames = 1): Uint8Array {
  const values = Array.from({ length: frames }, (_, frame) => [
    ...drawSpot(size, frame % 2 === 1, new Random(seed, frame)).image,
  ]);
  return writeDicomImage({ rows: size, columns: size, frames, pixels: words(values.flat(), 2) });
}

async function write(files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(place.at(name)), { recursive: true });
    await writeFile(place.at(name), content);
  }
}

async function json(...given: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await place.run([...given, '--json', '--quiet']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

const predict = async (...given: string[]) =>
  reportSchema.parse(await json('predict', '--run', run(), ...given));

beforeAll(async () => {
  place = await Workplace.create();
  const manifest = ['path,label,mask,split'];
  for (const [index, split] of ['valid', 'test'].entries()) {
    const { values, mask } = drawVolume(index);
    await write({
      [`scans/${split}.nii.gz`]: writeNifti({ ...grid, values, gzip: true }),
      [`scans/${split} lesions.nii.gz`]: writeNifti({ ...grid, values: mask, gzip: true }),
    });
    for (let slice = 0; slice < slices; slice++) {
      const lesions = slice % 2 === 1 ? `1,${split} lesions.nii.gz` : '0,';
      manifest.push(`${split}.nii.gz#axial=${slice},${lesions},${split}`);
    }
  }
  const record: DicomElement[] = [
    [0x00041430, 'CS', 'IMAGE'],
    [0x00041500, 'CS', 'IMAGES\\IM1'],
  ];
  await write({
    'scans/manifest.csv': manifest.join('\n'),
    'disc/DICOMDIR': writeDicom([[0x00041220, 'SQ', [record]]], {
      sopClass: '1.2.840.10008.1.3.10',
    }),
    'disc/IMAGES/IM1': dicom(0),
    'disc/IMAGES/IM2': dicom(1),
    'disc/README': 'no image',
    'cine.dcm': dicom(2, 3),
  });
  await json('fit', place.at('scans'), '--shots', '2', '--window', '1200,2400', '-o', run());
});
afterAll(() => place.remove());

describe('fit and evaluate', () => {
  it('take slices that a manifest names, with masks in volumes', async () => {
    const saved = JSON.parse(await readFile(join(run(), 'run.json'), 'utf8'));
    expect(saved.config.reading).toMatchObject({ window: '1200,2400', axis: 'axial', slice: null });
    expect(saved.data.masks).toBe(true);
    const ids = [...saved.data.shots.normal, ...saved.data.shots.abnormal];
    expect(ids.every((id: string) => /^valid\.nii\.gz#axial=\d$/.test(id))).toBe(true);

    const report = evaluationSchema.parse(
      await json('evaluate', '--run', run(), place.at('scans')),
    );
    expect(report.n).toMatchObject({ normal: 3, abnormal: 3 });
    expect(report.pixel).not.toBeNull();
    expect(report.failures).toEqual([]);
  });

  it('read as the run does unless told otherwise', async () => {
    const scores = async (...given: string[]) =>
      evaluationSchema
        .parse(await json('evaluate', '--run', run(), place.at('scans'), ...given))
        .images.map(({ score }) => score);
    const usual = await scores();
    expect(await scores('--window', '1200,2400')).toEqual(usual);
    expect(await scores('--window', '300,600')).not.toEqual(usual);
    expect(await scores('--window', 'auto', '--range', 'full')).not.toEqual(usual);
  });

  it('take the same slice of every volume where one is wanted', async () => {
    await write({
      'volumes/normal/a.nii.gz': await readFile(place.at('scans/valid.nii.gz')),
      'volumes/abnormal/a.nii.gz': await readFile(place.at('scans/test.nii.gz')),
    });
    const learn = async (name: string, ...given: string[]) => {
      const words = ['fit', place.at('volumes'), '--shots', '1', '-o', place.at(name), ...given];
      return fitSchema.parse(await json(...words)).history;
    };
    const middle = await learn('middle');
    expect(await learn('third', '--slice', '3')).toEqual(middle);
    expect(await learn('first', '--slice', '1')).not.toEqual(middle);
  });

  it('refuse settings that cannot be', async () => {
    for (const [flag, text, says] of [
      ['--window', 'brian', /reading\.window \(--window\): The window is "brian"/],
      ['--range', '9,1', /reading\.range \(--range\): The range is "9,1"/],
      ['--axis', 'oblique', /'oblique' is invalid/],
      ['--slice', 'x', /reading\.slice \(--slice\)/],
    ] as const) {
      const { status, stderr } = await place.run(['predict', '--run', run(), 'x.nii', flag, text]);
      expect(status).toBe(2);
      expect(stderr).toMatch(says);
    }
  });
});

describe('predict', () => {
  it('scores every slice of a volume, and the volume by the highest', async () => {
    const scan = place.at('scans/test.nii.gz');
    const { predictions, volumes, failures } = await predict(scan, '-o', place.at('out'));
    const paths = [0, 1, 2, 3, 4, 5].map((slice) => `${scan}#axial=${slice}`);
    expect(predictions.map(({ path }) => path)).toEqual(paths);
    expect(predictions[2]).toMatchObject({
      size: [size, size],
      outputs: { overlay: 'test.002.overlay.png', npy: 'test.002.npy' },
    });
    expect(await readdir(place.at('out'))).toContain('test.005.heatmap.png');
    const highest = predictions.toSorted((a, b) => b.score - a.score)[0]!;
    const { path, score, label } = highest;
    expect(volumes).toEqual([{ path: scan, images: 6, of: 6, score, label, highest: path }]);
    expect(failures).toEqual([]);

    const named = await predict(`${scan}#axial=2`, '-o', place.at('named'));
    expect(named.volumes).toBeUndefined();
    expect(named.predictions).toMatchObject([
      { path: paths[2], score: predictions[2]!.score, outputs: predictions[2]!.outputs },
    ]);
    const { predictions: wanted } = await predict(scan, '--axis', 'coronal', '--slice', '7');
    expect(wanted).toMatchObject([{ path: `${scan}#coronal=7`, size: [size, slices] }]);
  });

  it('scores a spread choice of many slices, or all', async () => {
    const scan = place.at('scans/test.nii.gz');
    const words = ['predict', '--run', run(), scan, '--axis', 'coronal'];
    const few = await place.run(words);
    expect(few.stderr).toBe(
      `${scan}: 8 of ${size} images, evenly spread. For every one: --slice all, of DICOM --frame all.\n`,
    );
    expect(few.stdout).toMatch(/: highest of 8 of 40 images, coronal=\d+$/m);
    const all = await predict(...words.slice(3), '--slice', 'all');
    expect(all.predictions.map(({ path }) => path)).toEqual(
      Array.from({ length: size }, (_, slice) => `${scan}#coronal=${slice}`),
    );
    expect(all.volumes).toMatchObject([{ images: size, of: size }]);
  });

  it('scores every frame, DICOM without extensions, and what a DICOMDIR lists', async () => {
    const cine = await predict(place.at('cine.dcm'));
    expect(cine.predictions).toHaveLength(3);
    expect(cine.volumes).toMatchObject([{ images: 3 }]);
    const second = await predict(place.at('cine.dcm'), '--frame', '1');
    expect(second.predictions.map(({ path, score }) => [path, score])).toEqual([
      [place.at('cine.dcm#frame=1'), cine.predictions[1]!.score],
    ]);

    const paths = (report: Awaited<ReturnType<typeof predict>>) =>
      report.predictions.map(({ path, outputs }) => [path, outputs.overlay]);
    expect(paths(await predict(place.at('disc'), '-o', place.at('folder')))).toEqual([
      [place.at('disc/IMAGES/IM1'), 'IMAGES/IM1.overlay.png'],
      [place.at('disc/IMAGES/IM2'), 'IMAGES/IM2.overlay.png'],
    ]);
    expect(paths(await predict(place.at('disc/DICOMDIR')))).toEqual([
      [place.at('disc/IMAGES/IM1'), undefined],
    ]);
  });

  it('goes on where a file is damaged, and says so once', async () => {
    const scan = await readFile(place.at('scans/test.nii.gz'));
    await write({ 'bad/cut.nii.gz': scan.subarray(0, scan.length / 2), 'bad/good.dcm': dicom(3) });
    const words = ['predict', '--run', run(), place.at('bad'), '--json'];
    const { status, stdout, stderr } = await place.run(words);
    expect(status).toBe(4);
    const { predictions, failures } = reportSchema.parse(JSON.parse(stdout));
    expect(predictions.map(({ path }) => path)).toEqual([place.at('bad/good.dcm')]);
    expect(failures).toMatchObject([{ path: place.at('bad/cut.nii.gz'), code: 'unreadable' }]);
    expect(stderr.match(/Failed: /g)).toHaveLength(1);
  });
});
