// Makes the zero-shot head of a backbone as models/tiny/zero-shot was made:
// node scripts/trainZeroShot.mjs FOLDER [--backbone NAME] [--threads N], after npm run build. IQE-CLIP is
// trained on phantoms of all modalities by the recipe below; FOLDER gets run.json, weights.safetensors
// (float16) and recipe.json. The epoch and the threshold are chosen on phantoms that were held back; no image of a
// patient is read.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileSafely } from '../dist/base/writeFile.node.js';
import { floatToHalf } from '../dist/clip/halfPrecision.js';
import { readSafetensorsHeader, safetensorsParts, toFloat32 } from '../dist/clip/safetensors.js';
import { readDataSet } from '../dist/data/layouts/read.node.js';
import { writePhantomSet } from '../dist/data/phantoms/writePhantomSet.node.js';
import { nodeRuntime } from '../dist/graph/runtime.node.js';
import { resolveRunConfig } from '../dist/train/config.js';
import { MemoryFeatureStore } from '../dist/train/features.js';
import { trainRun } from '../dist/train/train.node.js';

const recipe = {
  phantoms: { seed: 2_000_003, size: 240, normal: 48, abnormal: 48 },
  settings: {
    method: 'iqe-clip',
    seed: 0,
    // One block of the query module, half as wide: the head stays small enough to ship.
    model: { queryModule: { blocks: 1, feedForwardFactor: 2 } },
    training: { epochs: 12, batchSize: 16 },
  },
};

const { values: flags, positionals } = parseArgs({
  options: { backbone: { type: 'string', default: 'tiny' }, threads: { type: 'string' } },
  allowPositionals: true,
});
const { backbone, threads } = flags;
const [folder] = positionals;
if (folder === undefined) {
  console.error('Usage: node scripts/trainZeroShot.mjs FOLDER [--backbone NAME] [--threads N]');
  process.exit(2);
}
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
const { signal } = controller;
const onProgress = report();
const place = await mkdtemp(join(tmpdir(), 'iqe-zero-shot-'));
try {
  const { seed, size, normal, abnormal } = recipe.phantoms;
  const none = { normal: 0, abnormal: 0 };
  const counts = { train: { normal, abnormal }, valid: none, test: none };
  const written = await writePhantomSet({ folder: place, seed, size, counts, signal, onProgress });
  const dataSets = [];
  for (const set of written) dataSets.push(await readDataSet(set.folder));
  const output = join(place, 'run');
  const run = await trainRun({
    config: resolveRunConfig({ ...recipe.settings, backbone }),
    dataSets,
    output,
    store: new MemoryFeatureStore(),
    runtime: nodeRuntime(threads === undefined ? {} : { threads: Number(threads) }),
    version,
    signal,
    onProgress,
  });
  await writeFileSafely(join(folder, 'weights.safetensors'), await inHalf(output));
  await writeFileSafely(join(folder, 'recipe.json'), `${JSON.stringify(recipe, null, 2)}\n`);
  await writeFileSafely(join(folder, 'run.json'), `${JSON.stringify(run, null, 1)}\n`);
  console.log(JSON.stringify({ selected: run.selected, history: run.history }, null, 2));
} finally {
  await rm(place, { recursive: true });
}

async function inHalf(run) {
  const bytes = await readFile(join(run, 'weights.safetensors'));
  const read = async (offset, length) => bytes.subarray(offset, offset + length);
  const { tensors } = await readSafetensorsHeader(read, bytes.length, run);
  const halves = {};
  for (const [name, { offset, length, dataType, shape }] of tensors) {
    const values = toFloat32(bytes.subarray(offset, offset + length), dataType);
    halves[name] = { data: Uint16Array.from(values, floatToHalf), shape };
  }
  return safetensorsParts(halves);
}

/** A line every ten seconds. */
function report() {
  const start = Date.now();
  let last = start;
  return ({ stage, done, total, unit, loss }) => {
    if (Date.now() - last < 10_000) return;
    last = Date.now();
    const seconds = Math.round((last - start) / 1000);
    const shown = loss === undefined ? '' : `, loss ${loss.toFixed(3)}`;
    console.error(`${seconds} s: ${stage} ${done} of ${total} ${unit}${shown}`);
  };
}
