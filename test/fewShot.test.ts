import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeNpy } from '../src/report/npy.js';
import { commandLine } from './support/commandLine.js';
import {
  evaluationSchema,
  fitSchema,
  type Predictions,
  predictionsSchema,
} from './support/promises.js';
import { describeWith, realDataFolder } from './support/shared.js';
import { writeSmallDataSet } from './support/smallDataSet.js';
import { Workplace } from './support/workplace.js';

let place: Workplace;
let fitted: string;
let evaluated: string;
let predicted: string;

const run = () => place.at('a run ß');
const output = () => place.at('output 結果');
const json = async (...words: string[]): Promise<string> => {
  const { status, stdout, stderr } = await place.run([...words, '--json', '--quiet']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};
const predictions = (stdout: string): Predictions => predictionsSchema.parse(JSON.parse(stdout));
const learn = async (name: string, ...words: string[]) =>
  fitSchema.parse(JSON.parse(await json('fit', '-o', place.at(name), ...words)));
const weights = (folder: string) => readFile(join(folder, 'weights.safetensors'));

beforeAll(async () => {
  place = await Workplace.create();
  fitted = await json('fit', place.data, '--shots', '2', '--seed', '3', '-o', run());
  evaluated = await json('evaluate', '--run', run(), place.data, '-o', place.at('evaluation'));
  predicted = await json('predict', '--run', run(), join(place.data, 'test'), '-o', output());
});
afterAll(() => place.remove());

describe('fit', () => {
  it('tells what it learned from, and how it went', () => {
    const result = fitSchema.parse(JSON.parse(fitted));
    expect(result.run).toBe(run());
    expect(result.history).toHaveLength(3);
    expect(result.history[2]).toBeLessThan(result.history[0]!);
    expect(result.config).toMatchObject({ seed: 3, training: { epochs: 3 } });
    for (const [kind, place] of [
      ['normal', 'valid/good/img/'],
      ['abnormal', 'valid/Ungood/img/'],
    ] as const) {
      const ids = result.data.shots[kind];
      expect(new Set(ids).size).toBe(2);
      expect(ids.every((id) => id.startsWith(place))).toBe(true);
    }
  });

  it('gives the same bytes for the same seed, from other folders too', async () => {
    const again = await learn('again', place.data, '--shots', '2', '--seed', '3');
    expect(await weights(place.at('again'))).toEqual(await weights(run()));
    const { run: _run, seconds: _seconds, ...rest } = fitSchema.parse(JSON.parse(fitted));
    expect(again).toMatchObject(rest);
  });

  it('takes the images that a shot file names', async () => {
    await writeFile(place.at('shots 2.txt'), 'a-0: 3.png 1.png\nn-0: 0.png 2.png');
    const { data } = await learn('named', place.data, '--shot-file', place.at('shots 2.txt'));
    expect(data.shots).toEqual({
      abnormal: ['valid/Ungood/img/3.png', 'valid/Ungood/img/1.png'],
      normal: ['valid/good/img/0.png', 'valid/good/img/2.png'],
    });
  });

  it('learns from any folders, with masks and without', async () => {
    const split = join(place.data, 'valid');
    const folders = [
      '--normal',
      join(split, 'good', 'img'),
      '--abnormal',
      join(split, 'Ungood', 'img'),
    ];
    const masks = ['--masks', join(split, 'Ungood', 'anomaly_mask')];
    const withMasks = await learn('with masks', ...folders, ...masks);
    expect(withMasks.data.shots.normal).toHaveLength(4);
    expect(withMasks.data).toMatchObject({ masks: true });
    expect(withMasks.decision.chosenOn).toBe('support images');
    const without = await learn('without masks', ...folders, '--shots', '1');
    expect(without.data.shots.abnormal).toHaveLength(1);
    expect(without.data).toMatchObject({ masks: false });
    expect(await json('evaluate', '--run', place.at('without masks'), place.data)).toContain(
      '"aupro"',
    );
  });

  it('takes a setting from its flag, else --set, the environment, the file', async () => {
    await writeFile(
      place.at('settings.json'),
      JSON.stringify({
        ...JSON.parse(await readFile(place.config, 'utf8')),
        seed: 11,
        training: {
          augmentations: ['identity'],
          batchSize: 3,
          learningRate: 0.1,
          epochs: 6,
        },
      }),
    );
    const words = ['fit', place.data, '--shots', '1', '-o', place.at('settings')];
    const sets = ['training.learningRate=0.003', 'training.epochs=4'].flatMap((set) => [
      '--set',
      set,
    ]);
    const environment = { IQE_BATCH_SIZE: '2', IQE_TRAINING_LEARNING_RATE: '0.2', IQE_EPOCHS: '5' };
    const config = ['--config', place.at('settings.json')];
    const { status } = await place.run([...words, ...sets, '--epochs', '1', ...config], {
      environment,
    });
    expect(status).toBe(0);
    const { config: used } = JSON.parse(await readFile(place.at('settings', 'run.json'), 'utf8'));
    expect(used).toMatchObject({
      seed: 11,
      training: { batchSize: 2, learningRate: 0.003, epochs: 1, augmentations: ['identity'] },
      model: { imageSize: 48 },
    });
  });

  it('says in words what --json says in numbers', async () => {
    const { status, stdout } = await place.run([
      ...['fit', place.data, '--shots', '2', '--seed', '3', '-o', run()],
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Fitted iqe-clip .* on 2 normal and 2 abnormal images/);
    expect(stdout).toContain(`Saved in ${run()}.`);
  });
});

describe('evaluate', () => {
  it('gives the metrics of the test split with their intervals', () => {
    const result = evaluationSchema.parse(JSON.parse(evaluated));
    expect(result).toMatchObject({ run: run(), split: 'test', n: { normal: 4, abnormal: 4 } });
    expect(result.pixel).not.toBeNull();
    expect(result.failures).toEqual([]);
    for (const name of ['image.auroc', 'image.ap', 'pixel.auroc', 'pixel.aupro']) {
      const [low, high] = result.intervals[name]!;
      const [group, metric] = name.split('.') as ['image', 'auroc'];
      expect(low).toBeLessThanOrEqual(result[group][metric]!);
      expect(high).toBeGreaterThanOrEqual(result[group][metric]!);
    }
  });

  it('writes what it says, each score, and a report of it', async () => {
    const file = (name: string) => readFile(place.at('evaluation', name), 'utf8');
    expect(await file('evaluation.json')).toBe(evaluated);
    const { images, threshold } = evaluationSchema.parse(JSON.parse(evaluated));
    const [header, ...rows] = csvRows(await file('scores.csv'));
    expect(header).toEqual(['image', 'label', 'score', 'raw_score', 'decision', 'patient']);
    expect(rows.map(([id, label, score, , decision]) => [id, label, score, decision])).toEqual(
      images.map(({ id, label, score }) => [
        id,
        label === 1 ? 'abnormal' : 'normal',
        `${score}`,
        score >= threshold! ? 'abnormal' : 'normal',
      ]),
    );
    const page = await file('report.html');
    for (const { id } of images) expect(page).toContain(id);
    const parts = ['ROC curve', 'Precision and recall', 'Dice at the threshold', 'Gallery'];
    for (const part of [...parts, 'Text embeddings', 'Query embeddings']) {
      expect(page).toContain(part);
    }
    expect(page.match(/data-severity=/g)).toHaveLength(images.length);
    const again = place.at('again.html');
    await json('report', place.at('evaluation'), '-o', again);
    expect(await readFile(again, 'utf8')).toBe(page);
  });

  it('gives the same text for the same seed', async () => {
    expect(await json('evaluate', '--run', run(), place.data)).toBe(evaluated);
  });

  it('leaves support images out of the split that they are from', async () => {
    const split = await json('evaluate', '--run', run(), '--split', 'valid', place.data);
    const { n, images, dataHash } = evaluationSchema.parse(JSON.parse(split));
    expect(n).toMatchObject({ normal: 2, abnormal: 2 });
    const { shots } = fitSchema.parse(JSON.parse(fitted)).data;
    const support = [...shots.normal, ...shots.abnormal];
    expect(images.filter(({ id }) => support.includes(id))).toEqual([]);
    expect(dataHash).not.toBe(evaluationSchema.parse(JSON.parse(evaluated)).dataHash);
  });

  it('is a gate with --min-auroc', async () => {
    // The same images under both labels have an AUROC of exactly one half.
    const same = place.at('Same_AD');
    for (const label of ['good', 'Ungood']) {
      await mkdir(join(same, 'test', label, 'img'), { recursive: true });
      for (const name of ['0.png', '1.png']) {
        const image = join(place.data, 'test', 'good', 'img', name);
        await copyFile(image, join(same, 'test', label, 'img', name));
      }
    }
    const words = ['evaluate', '--run', run(), same, '--json', '--min-auroc'];
    const missed = await place.run([...words, '0.51']);
    expect(missed.status).toBe(5);
    expect(missed.stderr).toBe('The image AUROC 0.5000 is below 0.51.\n');
    const { image, pixel } = evaluationSchema.parse(JSON.parse(missed.stdout));
    expect(image.auroc).toBe(0.5);
    expect(pixel).toBeNull();
    expect((await place.run([...words, '0.5'])).status).toBe(0);
  });
});

describe('report', () => {
  it('tells of a run what it learned from and how', async () => {
    const { report } = JSON.parse(await json('report', run()));
    expect(report).toBe(join(run(), 'report.html'));
    const page = await readFile(report, 'utf8');
    const { data } = fitSchema.parse(JSON.parse(fitted));
    for (const id of [...data.shots.normal, ...data.shots.abnormal]) expect(page).toContain(id);
    expect(page).toContain('Mean loss');
  });

  it('refuses a folder that holds nothing of the kind', async () => {
    const { status, stderr } = await place.run(['report', place.data]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/There is nothing to report in .*\n.*'fit', 'evaluate -o'/);
  });
});

describe('predict', () => {
  const records = () => predictions(predicted).predictions;

  it('scores every image of a folder, the same as evaluate does', () => {
    const { images } = evaluationSchema.parse(JSON.parse(evaluated));
    const scores = new Map(records().map(({ path, score }) => [path, score]));
    expect(images).toHaveLength(8);
    expect(scores.size).toBe(8);
    // A few images run without packed weights, whose products are summed in another order.
    for (const { id, score } of images) {
      expect(scores.get(join(place.data, id))).toBeCloseTo(score, 5);
    }
  });

  it('decides by the threshold that fit has chosen', () => {
    const { threshold } = fitSchema.parse(JSON.parse(fitted)).decision.threshold!;
    for (const record of records()) {
      expect(record.threshold).toBe(threshold);
      expect(record.label).toBe(record.score >= threshold ? 'abnormal' : 'normal');
    }
  });

  it('draws pictures of the size of the input, that agree with its numbers', async () => {
    for (const { outputs, size, peak, areaPixels } of records()) {
      const [width, height] = size;
      const file = (kind: keyof typeof outputs) => join(output(), outputs[kind]!);
      const sizeOf = async (kind: keyof typeof outputs) => {
        const metadata = await sharp(file(kind)).metadata();
        return [metadata.width, metadata.height];
      };
      expect(await sizeOf('heatmap')).toEqual(size);
      expect(await sizeOf('mask')).toEqual(size);
      const [overlayWidth, overlayHeight] = await sizeOf('overlay');
      expect(overlayWidth).toBeGreaterThan(width);
      expect(overlayHeight).toBeGreaterThanOrEqual(height);
      const map = decodeNpy(await readFile(file('npy')));
      expect([map.width, map.height]).toEqual(size);
      expect(map.data[peak.y * width + peak.x]).toBe(Math.max(...map.data));
      const mask = await sharp(file('mask')).toColourspace('b-w').raw().toBuffer();
      expect(mask.filter((value) => value === 255)).toHaveLength(areaPixels!);
    }
  });

  it('writes what it says to predictions.json and predictions.csv', async () => {
    expect(await readFile(join(output(), 'predictions.json'), 'utf8')).toBe(predicted);
    const [header, ...rows] = csvRows(await readFile(join(output(), 'predictions.csv'), 'utf8'));
    expect(header!.slice(0, 4)).toEqual(['path', 'score', 'threshold', 'label']);
    expect(rows.map(([path, score]) => [path, Number(score)])).toEqual(
      records().map(({ path, score }) => [path, score]),
    );
  });

  it('takes files, patterns and folders, each image once', async () => {
    const folder = join(place.data, 'test', 'good', 'img');
    const stdout = await json(
      ...['predict', '--run', run(), join(folder, '2.png'), `${folder}/[01].png`, folder],
    );
    expect(predictions(stdout).predictions.map(({ path }) => path)).toEqual(
      ['2.png', '0.png', '1.png', '3.png'].map((name) => join(folder, name)),
    );
    expect(predictions(stdout).predictions.every(({ outputs }) => isEmpty(outputs))).toBe(true);
  });

  it('names the outputs of a pattern from where its stars begin', async () => {
    const pattern = `${place.data}/test/*/img/0.png`;
    const folder = place.at('by pattern');
    await json('predict', '--run', run(), pattern, '-o', folder, '--save', 'npy');
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(
      [
        ...['Ungood', 'Ungood/img', 'Ungood/img/0.npy', 'good', 'good/img', 'good/img/0.npy'],
        ...['predictions.csv', 'predictions.json'],
      ].sort(),
    );
  });

  it('keeps outputs of the same name apart', async () => {
    const image = join(place.data, 'test', 'good', 'img', '0.png');
    const folders = [place.at('left'), place.at('right')];
    for (const folder of folders) {
      await mkdir(folder, { recursive: true });
      await copyFile(image, join(folder, 'scan.png'));
      await sharp(image).jpeg().toFile(join(folder, 'scan.jpg'));
    }
    const stdout = await json('predict', '--run', run(), ...folders, '-o', place.at('apart'));
    const files = predictions(stdout).predictions.flatMap(({ outputs }) => Object.values(outputs));
    expect(files).toHaveLength(16);
    expect(new Set(files.map((file) => file!.toLowerCase())).size).toBe(16);
    const written = await readdir(place.at('apart'));
    expect(written.sort()).toEqual([...files, 'predictions.csv', 'predictions.json'].sort());
  });

  it('quotes what needs it in the CSV', async () => {
    const odd = place.at('a, "b"; c.png');
    await copyFile(join(place.data, 'test', 'good', 'img', '0.png'), odd);
    await json('predict', '--run', run(), odd, '-o', place.at('quoted'), '--save', 'mask,npy');
    const text = await readFile(place.at('quoted', 'predictions.csv'), 'utf8');
    expect(csvRows(text)[1]![0]).toBe(odd);
  });

  it('does not take its own pictures for images when they are below the folder', async () => {
    const folder = place.at('scans');
    await writeSmallDataSet(folder, { perLabel: 1 });
    const words = ['predict', '--run', run(), folder, '-o', join(folder, 'out')];
    const first = predictions(await json(...words));
    expect(predictions(await json(...words)).predictions.map(({ path }) => path)).toEqual(
      first.predictions.map(({ path }) => path),
    );
  });
});

const breast = join(realDataFolder, 'Breast_US_AD');

describeWith(breast, 'the backbone that is shipped, on real images', () => {
  it('goes the whole way', async () => {
    const ran = async (...words: string[]) => {
      const { status, stdout, stderr } = await commandLine([...words, '--json'], {
        environment: { IQE_CACHE: place.at('real cache') },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    const real = place.at('real run');
    const small = ['--set', 'training.augmentations=["identity"]', '--epochs', '2'];
    const { config } = fitSchema.parse(
      await ran('fit', breast, '--shots', '2', '-o', real, ...small),
    );
    expect(config).toMatchObject({ backbone: 'tiny', preset: 'paper' });

    const names = await Promise.all(
      ['Ungood', 'good'].map(async (label) => {
        const images = (await readdir(join(breast, 'test', label, 'img'))).sort().slice(0, 3);
        return images.map((name) => ({ label, path: join(breast, 'test', label, 'img', name) }));
      }),
    );
    const images = names.flat();
    const lines = images.map((image) => JSON.stringify({ ...image, split: 'test' }));
    await writeFile(place.at('few.jsonl'), lines.join('\n'));
    const measured = evaluationSchema.parse(
      await ran('evaluate', '--run', real, place.at('few.jsonl')),
    );
    expect(measured.n).toMatchObject({ normal: 3, abnormal: 3 });

    const paths = images.map(({ path }) => path);
    const report = predictionsSchema.parse(
      await ran('predict', '--run', real, ...paths, '-o', place.at('real output')),
    );
    const measuredScores = measured.images.map(({ score }) => score);
    expect(report.predictions).toHaveLength(measuredScores.length);
    for (const [index, { score }] of report.predictions.entries()) {
      expect(score).toBeCloseTo(measuredScores[index]!, 5);
    }
    for (const { path, size, outputs } of report.predictions) {
      const { width, height } = await sharp(path).metadata();
      expect(size).toEqual([width, height]);
      const heatmap = await sharp(place.at('real output', outputs.heatmap!)).metadata();
      expect([heatmap.width, heatmap.height]).toEqual(size);
    }
  });
});

/** Rows and cells of a CSV file after RFC 4180. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g,
  )) {
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
