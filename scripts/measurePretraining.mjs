// Measures what pretraining is worth on real images, after npm run build:
//
//   node scripts/measurePretraining.mjs DATA NAME=FOLDER… [--baseline NAME] [--out FILE.json]
//       [--card README.md] [--threads N]
//
// DATA holds data sets with the splits valid and test; each FOLDER is a backbone by scripts/pretrain.mjs
// (--share 0: untrained). Linear probes (src/train/pretraining/linearProbe.ts) are fitted to features of
// `valid` and measured on `test`: of images, on the embedding beside the mean patch token after each
// quarter of the blocks; of patches, on the patch tokens after half and after all of the blocks. Beside them stand the same
// probes of raw grey values: 15 × 15 means of an image, the 16 × 16 pixels of a patch.
//
// The rule by which the best network is chosen looks at `valid` only: the largest mean over the sets of
// the mean of image AUROC and, where there are masks, pixel AUROC in 4-fold cross-validation; of equal
// ones the first named. What --out holds already of the same networks, settings and sets is not measured
// again. --card replaces what stands between the marks in a model card.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../dist/base/random.js';
import { writeFileSafely } from '../dist/base/writeFile.node.js';
import { openCheckpoint } from '../dist/clip/checkpoint.node.js';
import { imagePlanes } from '../dist/clip/preprocess.js';
import { ImageReader } from '../dist/data/imageReader.node.js';
import { readDataSet } from '../dist/data/layouts/read.node.js';
import { readingOptions, readingSchema } from '../dist/data/readingSettings.js';
import { nodeRuntime } from '../dist/graph/runtime.node.js';
import { compareAurocs } from '../dist/metrics/delong.js';
import {
  crossValidateProbe,
  fewShotProbe,
  measureProbe,
} from '../dist/train/pretraining/linearProbe.js';
import { ProbeEncoder } from '../dist/train/pretraining/probeFeatures.js';
import { patchCoverage } from '../dist/train/pretraining/views.js';
import { squareMask } from '../dist/train/supportViews.js';

const size = 240;
const patchSize = 16;
const grid = size / patchSize;
const settings = { seed: 0, folds: 4, shots: 4, draws: 4 };
const rawPixels = 'raw pixels';
const marks = ['<!-- pretraining: measured -->', '<!-- end of pretraining -->'];

const { values: flags, positionals } = parseArgs({
  options: {
    baseline: { type: 'string', default: 'untrained' },
    out: { type: 'string' },
    card: { type: 'string' },
    threads: { type: 'string' },
  },
  allowPositionals: true,
});
const [data, ...networks] = positionals;
if (data === undefined || networks.length === 0 || networks.some((one) => !one.includes('='))) {
  console.error('Usage: node scripts/measurePretraining.mjs DATA NAME=FOLDER…');
  process.exit(2);
}
const runtime = nodeRuntime(flags.threads === undefined ? {} : { threads: Number(flags.threads) });
const reader = new ImageReader(readingOptions(readingSchema.parse({})));

const sets = [];
for (const { name } of (await readdir(data, { withFileTypes: true })).filter((entry) =>
  entry.isDirectory(),
))
  sets.push(await readDataSet(join(data, name)));
sets.sort((a, b) => (a.name < b.name ? -1 : 1));

const known = flags.out === undefined ? undefined : await earlier(flags.out);
const identities = { [rawPixels]: 'pixels' };
const encoders = [[rawPixels, rawFeatures]];
for (const network of networks) {
  const [name, folder] = network.split(/=(.*)/s);
  const checkpoint = await openCheckpoint(folder);
  identities[name] = checkpoint.identity;
  const encoder = await ProbeEncoder.create(checkpoint, runtime);
  encoders.push([name, async (planes) => tokenFeatures(await encoder.encode(planes))]);
}
const results = Object.fromEntries(encoders.map(([name]) => [name, {}]));
for (const set of sets) {
  await measureSet(set);
  await write({});
}
for (const [name] of encoders) {
  const criteria = sets.map((set) => criterion(results[name][set.name].validation));
  results[name].criterion = mean(criteria);
}
const trained = networks.map((network) => network.split('=')[0]);
const best = trained.reduce((one, other) =>
  results[other].criterion > results[one].criterion ? other : one,
);
await write({ best });
const table = markdown();
console.log(table);
if (flags.card !== undefined) {
  const card = await readFile(flags.card, 'utf8');
  const [before, rest] = card.split(marks[0]);
  const after = rest?.split(marks[1])[1];
  if (after === undefined)
    throw new Error(`${flags.card} has no place between ${marks.join(' and ')}.`);
  await writeFileSafely(
    flags.card,
    [before, marks[0], `\n\n${table}\n\n`, marks[1], after].join(''),
  );
}

async function measureSet(set) {
  const pictures = { valid: [], test: [] };
  const load = async () => {
    for (const split of ['valid', 'test']) {
      const samples = set.samples.filter((one) => one.split === split && one.label !== null);
      for (const sample of samples) pictures[split].push(await read(sample, set));
    }
  };
  for (const [name, features] of encoders) {
    const before = known?.identities[name] === identities[name] && known?.results[name]?.[set.name];
    if (!before && pictures.test.length === 0) await load();
    results[name][set.name] = before || (await measureNetwork(pictures, set, features));
    const { scores, labels, ...shown } = results[name][set.name];
    console.error(`${set.name}, ${name}: ${JSON.stringify(shown)}`);
  }
  const baseline = results[flags.baseline]?.[set.name];
  if (baseline === undefined) return;
  for (const [name] of encoders) {
    const own = results[name][set.name];
    if (name === flags.baseline) continue;
    const { difference, pValue } = compareAurocs(own.scores, baseline.scores, own.labels);
    // Images of two patients are not independent, and there are too few patients to do without that.
    own.againstBaseline = { difference, pValue: own.test.intervals.image && pValue };
  }
}

async function measureNetwork(pictures, set, features) {
  const probed = async ({ planes, ...known }) => withFeatures(known, await features(planes));
  const valid = [];
  const test = [];
  for (const picture of pictures.valid) valid.push(await probed(picture));
  for (const picture of pictures.test) test.push(await probed(picture));
  const { seed, folds, shots, draws } = settings;
  const validation = crossValidateProbe(valid, folds, new Random(seed, 'folds', set.name));
  const { scores, ...aurocs } = measureProbe(valid, test, new Random(seed, 'bootstrap'));
  const draw = new Random(seed, 'draws', set.name);
  const fewShot = fewShotProbe(valid, test, { shots, draws }, draw);
  return { validation, test: aurocs, fewShot, scores, labels: test.map(({ label }) => label) };
}

async function write(more) {
  if (flags.out === undefined) return;
  const json = { settings, identities, sets: sets.map(describe), ...more, results };
  await writeFileSafely(flags.out, `${JSON.stringify(json)}\n`);
}

/** What was measured before, if it was measured in the same way on the same sets. */
async function earlier(file) {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const json = JSON.parse(text);
  const alike = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  return alike(json.settings, settings) && alike(json.sets, sets.map(describe)) ? json : undefined;
}

async function read(sample, set) {
  const image = await reader.image(sample.imagePath);
  const own = set.hasMasks ? await reader.sampleMask(sample, set, image) : null;
  const mask = own ? squareMask(own, size) : new Uint8Array(size * size);
  const { label, patient } = sample;
  return {
    label,
    patient,
    planes: imagePlanes(image, size),
    mask: set.hasMasks ? mask : undefined,
  };
}

function withFeatures({ mask, ...known }, { vector, patches }) {
  if (mask === undefined) return { ...known, vector };
  const everyPatch = Array.from({ length: grid * grid }, (_, patch) => patch);
  const picture = { image: { width: size }, mask };
  const coverage = patchCoverage(picture, { right: 0, down: 0 }, everyPatch, patchSize);
  return {
    ...known,
    vector,
    patches: { features: patches, coverage, mask: Float32Array.from(mask) },
  };
}

/** Grey values. */
function rawFeatures(planes) {
  const vector = new Float32Array(grid * grid);
  const patches = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = y * size + x;
      const grey = (planes[at] + planes[size * size + at] + planes[2 * size * size + at]) / 3;
      const patch = Math.floor(y / patchSize) * grid + Math.floor(x / patchSize);
      vector[patch] += grey / patchSize ** 2;
      patches[patch * patchSize ** 2 + (y % patchSize) * patchSize + (x % patchSize)] = grey;
    }
  }
  return { vector, patches };
}

/** The embedding and the mean token of each quarter; the tokens of two quarters side by side. */
function tokenFeatures({ embedding, stages }) {
  const width = stages[0].length / grid ** 2;
  const vector = new Float32Array(embedding.length + stages.length * width);
  vector.set(embedding);
  for (const [stage, tokens] of stages.entries()) {
    const start = embedding.length + stage * width;
    for (const [at, value] of tokens.entries()) vector[start + (at % width)] += value / grid ** 2;
  }
  const seen = [stages[1], stages[3]];
  const patches = new Float32Array(grid ** 2 * seen.length * width);
  for (let patch = 0; patch < grid ** 2; patch++) {
    for (const [place, tokens] of seen.entries()) {
      const token = tokens.subarray(patch * width, (patch + 1) * width);
      patches.set(token, (patch * seen.length + place) * width);
    }
  }
  return { vector, patches };
}

function criterion({ image, pixel }) {
  return pixel === null ? image : (image + pixel) / 2;
}

function describe(set) {
  const count = (split) => set.samples.filter((sample) => sample.split === split).length;
  return { name: set.name, valid: count('valid'), test: count('test'), masks: set.hasMasks };
}

function markdown() {
  const named = (set) => set.name.replace(/_AD$/, '').replaceAll('_', ' ');
  const digits = (value) => value.toFixed(3);
  const withInterval = (value, interval) =>
    `${digits(value)}${interval ? ` (${interval.map(digits).join('–')})` : ''}`;
  const withMasks = sets.filter((set) => set.hasMasks);
  const names = encoders.map(([name]) => name);
  const table = (title, columns, cell) => [
    `| ${title} | ${columns.map(named).join(' | ')} |`,
    `| --- |${' --- |'.repeat(columns.length)}`,
    ...names.map(
      (name) => `| ${name} | ${columns.map((set) => cell(results[name][set.name])).join(' | ')} |`,
    ),
    '',
  ];
  const rule = [
    `| on \`valid\` | ${names.join(' | ')} |`,
    `| --- |${' --- |'.repeat(names.length)}`,
    `| criterion of the rule | ${names.map((name) => digits(results[name].criterion)).join(' | ')} |`,
    '',
  ];
  const probed = ({ test }) => withInterval(test.image, test.intervals.image);
  const located = ({ test }) => withInterval(test.pixel, test.intervals.pixel);
  const few = ({ fewShot }) => `${digits(fewShot.image)} ± ${digits(fewShot.deviation.image)}`;
  const fewPixels = ({ fewShot }) =>
    `${digits(fewShot.pixel)} ± ${digits(fewShot.deviation.pixel)}`;
  const chance = (p) => (p < 0.01 ? 'p < 0.01' : `p = ${p.toFixed(2)}`);
  const against = ({ againstBaseline: test }) => {
    if (!test) return '–';
    const sign = test.difference < 0 ? '−' : '+';
    return `${sign}${digits(Math.abs(test.difference))}${test.pValue === null ? '' : ` (${chance(test.pValue)})`}`;
  };
  return [
    ...rule,
    ...table('image AUROC, all of `valid`', sets, probed),
    ...table(`image AUROC less that of ${flags.baseline}`, sets, against),
    ...table(`image AUROC, ${settings.shots} + ${settings.shots} shots`, sets, few),
    ...table('pixel AUROC, all of `valid`', withMasks, located),
    ...table(`pixel AUROC, ${settings.shots} + ${settings.shots} shots`, withMasks, fewPixels),
  ]
    .join('\n')
    .trimEnd();
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
