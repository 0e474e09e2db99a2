import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { damaged } from './support/damage.js';
import { type DicomElement, words, writeDicomImage } from './support/dicomWriter.js';
import { writeNifti } from './support/niftiWriter.js';
import { drawSpot } from './support/smallDataSet.js';
import { Workplace } from './support/workplace.js';

/** What tells a person in the header of an image; no two share three letters with anything of ours. */
const identifying: readonly DicomElement[] = [
  [0x00080050, 'SH', 'ACC-QZX5533'],
  [0x00080080, 'LO', 'Hospital of Qxyzzy'],
  [0x00080090, 'PN', 'Referrer^Wqjkv'],
  [0x00081030, 'LO', 'Study of Qvxw'],
  [0x00100010, 'PN', 'Zyxwvut^Quentina'],
  [0x00100020, 'LO', 'MRN-QXJ-77231'],
  [0x00100030, 'DA', '19430517'],
  [0x0020000d, 'UI', '1.2.826.0.1.99.7712.31'],
];
const secrets = [
  ...identifying.map(([, , value]) => value as string),
  ...['Zyxwvut', 'Quentina', 'QXJ', 'Wqjkv', 'Qxyzzy'],
];

const size = 24;
let place: Workplace;
/** All that commands printed. */
let printed = '';

function scan(seed: number, abnormal: boolean): Uint8Array<ArrayBuffer> {
  const { image } = drawSpot(size, abnormal, new Random(seed, String(abnormal)));
  const pixels = words(image, 2);
  return writeDicomImage({ rows: size, columns: size, pixels, more: identifying });
}

async function write(name: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(place.at(name)), { recursive: true });
  await writeFile(place.at(name), content);
}

/** Runs a verb, in words and as JSON, with everything that it may say. */
async function run(...given: string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const more of [[], ['--json']]) {
    const result = await place.run([...given, ...more, '--verbose']);
    printed += result.stdout + result.stderr;
    statuses.push(result.status);
  }
  return statuses;
}

beforeAll(async () => {
  place = await Workplace.create();
  const lines = ['path,label,patient,split'];
  for (const split of ['valid', 'test']) {
    for (let index = 0; index < 6; index++) {
      const name = `${split}${index}.dcm`;
      await write(`set/${name}`, scan(index, index % 2 === 1));
      // Each patient is in both splits.
      lines.push(`${name},${index % 2},Zyxwvut^Quentina ${index},${split}`);
    }
  }
  await write('set/manifest.csv', lines.join('\n'));
  for (let seed = 0; seed < 12; seed++) {
    await write(`damaged/${seed}.dcm`, damaged(scan(seed, true), seed, 'private'));
  }
  const volume = writeNifti({ shape: [4, 4, 2], values: Array.from({ length: 32 }, (_, i) => i) });
  // The description, the name of the database and the name of an auxiliary file.
  for (const offset of [148, 14, 228]) volume.set(Buffer.from('Zyxwvut'), offset);
  await write('damaged/scan.nii', volume);
  await write('damaged/cut.nii', volume.subarray(0, -9));
});
afterAll(() => place.remove());

it('shows and writes nothing that tells who a patient is', async () => {
  const fitted = place.at('run');
  const out = place.at('out');
  expect(await run('data', 'check', place.at('set'))).toEqual([0, 0]);
  expect(printed).toContain('Patients in more than one split');
  await run('data', 'check', place.at('damaged'));
  expect(await run('fit', place.at('set'), '--shots', '1', '-o', fitted)).toEqual([0, 0]);
  expect(
    await run('evaluate', '--run', fitted, place.at('set'), '-o', join(out, 'evaluation')),
  ).toEqual([0, 0]);
  expect(printed).toContain('of 6 patients');
  expect(await run('report', fitted)).toEqual([0, 0]);
  expect(await run('predict', '--run', fitted, place.at('set'), '-o', out)).toEqual([0, 0]);
  expect(await run('predict', '--run', fitted, place.at('damaged'), '-o', out)).toEqual([4, 4]);

  const written = [fitted, out, place.cache];
  let files = 0;
  for (const folder of written) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      files++;
      const content = await readFile(join(entry.parentPath, entry.name), 'latin1');
      for (const secret of secrets) {
        expect(entry.name, secret).not.toContain(secret);
        expect(content.includes(secret), `${secret} in ${entry.name}`).toBe(false);
      }
    }
  }
  expect(files).toBeGreaterThan(50);
  for (const secret of secrets) expect(printed.includes(secret), secret).toBe(false);
  // The search would find them: they are in the images.
  const image = await readFile(place.at('set/test0.dcm'), 'latin1');
  expect(secrets.every((secret) => image.includes(secret))).toBe(true);
});
