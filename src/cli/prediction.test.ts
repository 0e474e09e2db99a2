import { describe, expect, it } from 'vitest';
import { IqeError } from '../base/errors.js';
import { readingSchema } from '../data/readingSettings.js';
import type { AnomalyDetector, PreparedImage } from '../train/detector.js';
import type { Found, PixelWork } from './pixelWork.js';
import { predictAll } from './prediction.js';

const reading = readingSchema.parse({});
const imagesPerRun = 4;

/** Scores an image by its first number; remembers how many it was given at once. */
class FakeDetector {
  readonly imageSize = 2;
  readonly imagesPerRun = imagesPerRun;
  readonly groups: number[] = [];

  async predictPrepared(images: readonly PreparedImage[]) {
    this.groups.push(images.length);
    if (images.some(({ planes }) => Number.isNaN(planes[0]))) throw new Error('not a number');
    return images.map(({ planes, width, height }) => ({
      score: planes[0]!,
      threshold: 0.5,
      label: planes[0]! >= 0.5 ? 'abnormal' : 'normal',
      hasMap: true,
      map: { width, height, data: new Float32Array(width * height) },
      mapThreshold: 0.5,
      areaPixels: 0,
      peak: { x: 0, y: 0 },
    }));
  }
}

const image = (input: number, score: number, side = 1): Found => ({
  kind: 'image',
  input,
  name: `${input}.png#frame=${score}`,
  read: {
    width: side,
    height: side,
    planes: new Float32Array(12).fill(score),
    image: { width: side, height: side, channels: 1, data: new Uint8Array(side * side) },
    milliseconds: 1,
  },
});
const file = (input: number, images = 1, of = images): Found => ({
  kind: 'file',
  input,
  images,
  of,
});
const failure = (input: number, error: unknown): Found => ({
  kind: 'failure',
  input,
  name: `${input}.png`,
  error,
});

/** Gives `found`, and remembers what is drawn and how many images are held at once. */
class FakePixels implements PixelWork {
  readonly drawn: string[] = [];
  held = 0;
  readonly #found: readonly Found[];
  readonly #draw: (name: string) => Promise<void>;

  constructor(found: readonly Found[], draw: (name: string) => Promise<void> = async () => {}) {
    this.#found = found;
    this.#draw = draw;
  }

  async *images() {
    for (const found of this.#found) {
      if (found.kind === 'image') this.held++;
      yield found;
    }
  }

  async draw(_folder: string, name: string) {
    await this.#draw(name);
    this.drawn.push(name);
    return { overlay: `${name}.overlay.png` };
  }

  release() {
    this.held--;
  }

  async close() {}
}

async function predicted(found: readonly Found[], pixels = new FakePixels(found)) {
  const detector = new FakeDetector();
  const notes: string[] = [];
  const progress: string[] = [];
  const inputs = [...new Set(found.map(({ input }) => input))].map((input) => ({
    path: `${input}.png`,
    name: `${input}.png`,
  }));
  const report = await predictAll(detector as unknown as AnomalyDetector, inputs, pixels, {
    reading,
    out: 'out',
    save: ['overlay'],
    signal: new AbortController().signal,
    onProgress: ({ done, total }) => progress.push(`${done}/${total}`),
    note: (note) => notes.push(note),
  });
  return { report, groups: detector.groups, notes, progress, pixels };
}

describe('predictAll', () => {
  it('runs images together, and keeps their order and names', async () => {
    const found = Array.from({ length: 6 }, (_, at) => [file(at), image(at, at / 10)]).flat();
    const { report, groups, progress, pixels } = await predicted(found);
    expect(groups).toEqual([4, 2]);
    expect(report.predictions.map(({ score }) => score)).toEqual([
      0,
      ...[0.1, 0.2, 0.3, 0.4, 0.5].map(Math.fround),
    ]);
    expect(report.predictions[5]).toMatchObject({ label: 'abnormal', size: [1, 1] });
    expect(report.predictions.map(({ outputs }) => outputs.overlay)).toEqual(
      pixels.drawn.map((name) => `${name}.overlay.png`),
    );
    expect(pixels.held).toBe(0);
    expect(progress.at(-1)).toBe('6/6');
  });

  it('runs large images with fewer others', async () => {
    const found = [2000, 2000, 2000, 9000, 10].flatMap((side, at) => [
      file(at),
      image(at, 0, side),
    ]);
    expect((await predicted(found)).groups).toEqual([2, 2, 1]);
  });

  it('tells of a choice of images, and of the highest of a volume', async () => {
    const found = [file(0, 2, 40), image(0, 0.25), image(0, 0.75), file(1), image(1, 0)];
    const { report, notes, progress } = await predicted(found);
    expect(notes).toEqual([expect.stringContaining('0.png: 2 of 40 images')]);
    expect(report.volumes).toEqual([
      {
        path: '0.png',
        images: 2,
        of: 40,
        score: 0.75,
        label: 'abnormal',
        highest: '0.png#frame=0.75',
      },
    ]);
    expect(progress.at(-1)).toBe('3/3');
  });

  it('leaves out what cannot be read', async () => {
    const unreadable = new IqeError('unreadable', 'Cut off.', { hint: 'Copy it again.' });
    const found = [file(0), image(0, 0), failure(1, unreadable), failure(2, new Error('odd'))];
    const { report, notes, progress } = await predicted(found);
    expect(report.predictions).toHaveLength(1);
    expect(report.failures).toEqual([
      { path: '1.png', code: 'unreadable', message: 'Cut off. Copy it again.' },
      { path: '2.png', code: 'runtime', message: 'odd' },
    ]);
    expect(notes).toEqual(['Failed: Cut off. Copy it again.', 'Failed: odd']);
    expect(progress.at(-1)).toBe('3/3');
  });

  it('leaves out a group that the model fails on', async () => {
    const { report, pixels } = await predicted([file(0), image(0, Number.NaN)]);
    expect(report.failures).toMatchObject([{ code: 'runtime', message: 'not a number' }]);
    expect(pixels.held).toBe(0);
  });

  it.each([
    ['an interruption', [failure(0, new IqeError('interrupted', 'Interrupted.'))]],
    ['a full disk', [file(0), image(0, 0)]],
  ])('ends with %s', async (_, found) => {
    const full = async () => {
      throw new IqeError('output', 'The disk is full.');
    };
    const pixels = new FakePixels(found, full);
    await expect(predicted(found, pixels)).rejects.toThrow(/full|Interrupted/);
  });
});
