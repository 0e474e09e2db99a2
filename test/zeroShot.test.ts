import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phantomAt } from '../src/data/phantoms/phantomSet.js';
import { NodeAnomalyDetector } from '../src/train/nodeDetector.node.js';
import { commandLine } from './support/commandLine.js';
import { predictionsSchema } from './support/promises.js';
import { writeSmallDataSet } from './support/smallDataSet.js';

let folder: string;
let image: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-clip-zero-shot-'));
  const phantom = phantomAt({ seed: 5, modalities: ['head-ct'], abnormalShare: 1 }, 0);
  const { width, height, channels, data } = phantom.image;
  image = join(folder, 'head.png');
  await writeFile(image, await sharp(data, { raw: { width, height, channels } }).png().toBuffer());
  await writeSmallDataSet(join(folder, 'set'), { perLabel: 2 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the shipped zero-shot head', () => {
  it('scores an image at once, the same on the command line and in the library', async () => {
    const { status, stdout, stderr } = await commandLine(['predict', image, '--json']);
    expect(status).toBe(0);
    expect(stderr).toContain('drawn phantoms only');
    const { model, predictions } = predictionsSchema.parse(JSON.parse(stdout));
    expect(model).toMatchObject({ method: 'iqe-clip', backbone: 'tiny', run: null });
    const [{ score, threshold, label }] = predictions as [(typeof predictions)[number]];
    expect(threshold).toBeGreaterThan(0);
    expect(label).toBe(score >= threshold! ? 'abnormal' : 'normal');
    const detector = await NodeAnomalyDetector.fromPretrained('tiny');
    try {
      expect((await detector.predict(image)).score).toBeCloseTo(score, 4);
    } finally {
      await detector.dispose();
    }
  });

  it('can be measured', async () => {
    const words = ['evaluate', join(folder, 'set'), '--json', '--quiet'];
    const { status, stdout } = await commandLine(words);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ run: null, n: { normal: 2, abnormal: 2 } });
  });
});
