import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { makeThumbnails } from './thumbnails.node.js';
import { writeReport } from './writeReport.node.js';

it('writes a page with thumbnails of a real size', async () => {
  const width = 600;
  const height = 300;
  const image = {
    width,
    height,
    channels: 1,
    data: new Uint8Array(width * height).fill(128),
  } as const;
  const map = { width: 24, height: 24, data: new Float32Array(576).fill(0.25) };
  const mask = {
    width,
    height,
    data: new Float32Array(width * height).fill(1, 0, (width * height) / 2),
  };
  const thumbnails = await makeThumbnails(image, map, mask, 0.5);
  for (const uri of Object.values(thumbnails)) {
    const bytes = Buffer.from((uri as string).split(',')[1] as string, 'base64');
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 256, height: 128 });
  }
  const truth = Buffer.from((thumbnails.groundTruth as string).split(',')[1] as string, 'base64');
  const { data } = await sharp(truth).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  expect([data[0], data.at(-1)]).toEqual([255, 0]);

  const folder = await mkdtemp(path.join(tmpdir(), 'iqe-report-'));
  const file = path.join(folder, 'report.html');
  await writeReport(file, {
    title: 'A report',
    facts: [],
    protocol: { name: 'given', description: [], selectsOnTest: false },
    evaluations: [
      {
        method: 'm',
        set: 's',
        metrics: {},
        images: [{ id: 'x', label: 'abnormal', score: 0.9, thumbnails }],
      },
    ],
  });
  expect(await readFile(file, 'utf8')).toContain(thumbnails.overlay);
  await rm(folder, { recursive: true });
});

it('makes thumbnails of the smallest image, and leaves out a mask that is not there', async () => {
  const image = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) } as const;
  const map = { width: 2, height: 2, data: new Float32Array(4) };
  const thumbnails = await makeThumbnails(image, map, null, null);
  expect(thumbnails.groundTruth).toBeNull();
  expect(thumbnails.image).toMatch(/^data:image\/jpeg;base64,/);
});
