import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../src/data/decode.node.js';
import { writePhantomSet } from '../src/data/phantoms/writePhantomSet.node.js';
import { NodeAnomalyDetector } from '../src/train/nodeDetector.node.js';
import type * as Web from '../src/web.js';
import {
  type Browser,
  chromiumPath,
  type FileServer,
  serveFolders,
  startBrowser,
} from './support/browser.js';
import { commandLine } from './support/commandLine.js';
import { Encapsulated, writeDicomImage } from './support/dicomWriter.js';

/** What the page `library.html` has of the library. */
declare const iqeClip: typeof Web;

/** Few views and passes: the same computations as with all of them. */
const training = { epochs: 2, batchSize: 2, augmentations: ['identity', 'flip-left-right'] };

let place: string;
let data: string;
let server: FileServer;
let browser: Browser;
let library: Page;

const root = fileURLToPath(new URL('..', import.meta.url));
const image = (split: string, label: 'good' | 'Ungood', index: number, kind = 'img') =>
  `${split}/${label}/${kind}/phantom_000${index}.png`;
const scored = [image('test', 'good', 1), image('test', 'Ungood', 0)];
const [normal, abnormal] = [image('valid', 'good', 0), image('valid', 'Ungood', 0)];
const mask = image('valid', 'Ungood', 0, 'anomaly_mask');

async function start(): Promise<void> {
  place = await mkdtemp(join(tmpdir(), 'iqe-clip-web-'));
  const counts = { normal: 2, abnormal: 2 };
  const none = { normal: 0, abnormal: 0 };
  const [set] = await writePhantomSet({
    folder: place,
    seed: 5,
    modalities: ['dermoscopy'],
    size: 200,
    counts: { train: none, valid: counts, test: counts },
  });
  data = set!.folder;
  // The page as it is built for users, and beside it the library's own entry.
  await build({
    configFile: join(root, 'web', 'vite.config.ts'),
    logLevel: 'error',
    build: {
      outDir: join(place, 'page'),
      rolldownOptions: {
        input: { index: join(root, 'web', 'index.html'), library: join(root, 'src', 'web.ts') },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js' },
      },
    },
  });
  await writeFile(
    join(place, 'page', 'library.html'),
    `<!doctype html>
    <script type="module">
      import * as library from './library.js';
      globalThis.iqeClip = library;
    </script>`,
  );
  server = await serveFolders({ '': join(place, 'page'), run: join(place, 'run'), data });
  browser = await startBrowser();
  library = await browser.context.newPage();
  await library.goto(`${server.origin}/library.html`);
  await library.waitForFunction(() => 'iqeClip' in globalThis);
  const words = ['fit', data, '--shots', '1', '-o', join(place, 'run')];
  const settings = Object.entries(training).flatMap(([name, value]) => [
    '--set',
    `training.${name}=${JSON.stringify(value)}`,
  ]);
  const cache = ['--cache', join(place, 'features')];
  const { status, stderr } = await commandLine([...words, ...settings, ...cache]);
  expect(status, stderr).toBe(0);
}

const largest = (values: Float32Array, others: readonly number[]) =>
  values.reduce((most, value, index) => Math.max(most, Math.abs(value - others[index]!)), 0);

const title = chromiumPath
  ? 'in Chromium'
  : 'in Chromium (skipped: it is not here; $CHROMIUM can say where it is)';

describe.skipIf(!chromiumPath)(title, () => {
  beforeAll(start);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(place, { recursive: true, force: true });
  });

  it('gives a run the scores and maps that Node gives it', async () => {
    const detector = await NodeAnomalyDetector.fromPretrained(join(place, 'run'));
    const { device, threads, results } = await library.evaluate(async (paths) => {
      const detector = await iqeClip.AnomalyDetector.fromPretrained('/run', {
        backbone: '/models/tiny',
      });
      const results = [];
      for (const path of paths) {
        const file = await (await fetch(`/data/${path}`)).blob();
        const { score, label, map } = await detector.predict(file);
        results.push({ score, label, map: Array.from(map.data) });
      }
      await detector.dispose();
      return { results, device: detector.device, threads: detector.threads };
    }, scored);
    expect(device).toBe('wasm');
    expect(threads).toBeGreaterThan(1);
    for (const [index, path] of scored.entries()) {
      const node = await detector.predict(join(data, path));
      const web = results[index]!;
      expect(Math.abs(web.score - node.score)).toBeLessThan(1e-3);
      expect(web.label).toBe(node.label);
      expect(largest(node.map.data, web.map)).toBeLessThan(1e-3);
    }
    await detector.dispose();
  });

  it('learns as Node does: losses within 0.1 %, the score of another image within 0.001', async () => {
    const at = (path: string) => join(data, path);
    const detector = await NodeAnomalyDetector.fromPretrained('tiny');
    await detector.fit(
      [
        { image: at(normal), label: 'normal' },
        { image: at(abnormal), label: 'abnormal', mask: at(mask) },
      ],
      { config: { training } },
    );
    const web = await library.evaluate(
      async ({ normal, abnormal, mask, other, training }) => {
        const file = async (path: string) => (await fetch(`/data/${path}`)).blob();
        const detector = await iqeClip.AnomalyDetector.fromPretrained('/models/tiny');
        await detector.fit(
          [
            { image: await file(normal), label: 'normal' },
            { image: await file(abnormal), label: 'abnormal', mask: await file(mask) },
          ],
          { config: { training } },
        );
        const { score } = await detector.predict(await file(other));
        const { history } = detector.head!;
        await detector.dispose();
        return { history, score };
      },
      { normal, abnormal, mask, other: scored[1]!, training },
    );
    const { history } = detector.head!;
    expect(web.history).toHaveLength(history.length);
    for (const [epoch, loss] of history.entries()) {
      expect(Math.abs(web.history[epoch]! / loss - 1)).toBeLessThan(1e-3);
    }
    const { score } = await detector.predict(at(scored[1]!));
    expect(Math.abs(web.score - score)).toBeLessThan(1e-3);
    await detector.dispose();
  });

  it('reads pixels as Node does: turned JPEGs, palettes, DICOM', async () => {
    const grey = new Uint8Array(20 * 12).map((_, index) => (index * 7) % 256);
    const greySize = { raw: { width: 20, height: 12, channels: 1 } } as const;
    const files = {
      'turned.jpg': await sharp(grey, greySize)
        .withMetadata({ orientation: 6 })
        .jpeg({ quality: 100 })
        .toBuffer(),
      'palette.png': await sharp(join(data, normal)).resize(30).png({ palette: true }).toBuffer(),
      'slice.dcm': writeDicomImage({
        rows: 12,
        columns: 20,
        bitsAllocated: 8,
        pixels: new Encapsulated([
          await sharp(grey, greySize).toColourspace('b-w').jpeg().toBuffer(),
        ]),
        transferSyntax: '1.2.840.10008.1.2.4.50',
      }),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const node = await decodeImage(bytes, name);
      const web = await library.evaluate(async (bytes) => {
        const { width, height, channels, data } = await iqeClip.webImage(
          new Blob([new Uint8Array(bytes)]),
        );
        return { width, height, channels, data: Array.from(data) };
      }, Array.from(bytes));
      expect([web.width, web.height], name).toEqual([node.width, node.height]);
      const step = web.channels / node.channels;
      const worst = node.data.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - web.data[step * index]!)),
        0,
      );
      expect(worst, name).toBeLessThanOrEqual(name.endsWith('.jpg') ? 1 : 0);
    }
  });

  it('shows on the page what it learned from dropped images', async () => {
    const page = await browser.context.newPage();
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(`${server.origin}/`);
    await page.getByText('Ready').waitFor();
    const drop = (zone: string, path: string) =>
      page.locator(`#${zone} input`).setInputFiles(join(data, path));
    const learn = page.getByRole('button', { name: 'Learn' });
    await drop('normal', normal);
    expect(await learn.isDisabled()).toBe(true);
    await drop('abnormal', abnormal);
    await drop('masks', mask);
    await page.getByLabel('Views').selectOption('1');
    await page.getByLabel('Passes').fill('1');
    await learn.click();
    await drop('inputs', scored[1]!);
    const card = page.locator('#results li');
    await card.locator('.score').waitFor();
    expect(Number.parseFloat((await card.locator('.score').textContent())!)).toBeGreaterThan(0);
    expect(await card.locator('canvas').evaluate((canvas) => canvas.clientWidth)).toBeGreaterThan(
      0,
    );
    expect(errors).toEqual([]);
    await page.close();
  });

  it('sends nothing anywhere else', () => {
    const elsewhere = browser.requests.filter(
      (address) => !/^(blob:|data:)/.test(address) && new URL(address).origin !== server.origin,
    );
    expect(elsewhere).toEqual([]);
    expect(browser.requests.some((address) => address.endsWith('.wasm'))).toBe(true);
  });
});
