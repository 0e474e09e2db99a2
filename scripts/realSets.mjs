// Writes what `tiny` reaches on four sets of real images into README.md and its card, after npm run build:
//
//   node scripts/realSets.mjs BENCHMARK.json [--threads N]
//
// BENCHMARK.json is what `iqe-clip benchmark` wrote of configs/compare-small.yaml or compare-all.yaml: the
// zero-shot head evaluates the test images of its sets, and its 4-shot runs of IQE-CLIP stand beside.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table, writeTables } from './markedTables.mjs';

const place = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { values: flags, positionals } = parseArgs({
  options: { threads: { type: 'string' } },
  allowPositionals: true,
});
const [benchmarkPath] = positionals;
if (benchmarkPath === undefined) {
  console.error('Usage: node scripts/realSets.mjs BENCHMARK.json [--threads N]');
  process.exit(2);
}

const { benchmark, cells } = JSON.parse(readFileSync(benchmarkPath, 'utf8'));
const sets = benchmark.sets.map(({ name, folder }) => {
  const zeroShot = evaluated(folder);
  const fewShot = cells.find(
    (cell) =>
      cell.set === name &&
      cell.method === 'IQE-CLIP' &&
      cell.setting === '4-shot' &&
      cell.seed === benchmark.seeds[0],
  );
  if (!fewShot?.metrics) throw new Error(`${benchmarkPath} has no 4-shot run on ${name}.`);
  const { normal, abnormal } = zeroShot.n;
  return { title: `${name} (${normal} + ${abnormal})`, zeroShot, fewShot };
});

writeTables(place('README.md'), {
  'real sets': table(
    [
      'normal + abnormal images',
      ...['image', 'pixel'].flatMap((kind) => [`${kind}, zero-shot`, `${kind}, 4 + 4`]),
    ],
    sets.map(({ title, zeroShot, fewShot }) => [
      title,
      ...['image.auroc', 'pixel.auroc'].flatMap((metric) =>
        [ofEvaluation(zeroShot, metric), ofCell(fewShot, metric)].map(estimate),
      ),
    ]),
    ['---', '---', '---', '---', '---'],
  ),
});
const metrics = ['image.auroc', 'pixel.auroc', 'pixel.aupro'];
writeTables(place('models/tiny/README.md'), {
  'zero-shot head': table(
    ['normal + abnormal images', 'image AUROC', 'pixel AUROC', 'pixel AUPRO'],
    sets.map(({ title, zeroShot }) => [
      title,
      ...metrics.map((metric) => estimate(ofEvaluation(zeroShot, metric))),
    ]),
    ['---', '---', '---', '---'],
  ),
});

/** The evaluation of the head that is shipped, on one set. */
function evaluated(folder) {
  const threads = flags.threads === undefined ? [] : ['--threads', flags.threads];
  const command = [place('dist/bin/main.js'), 'evaluate', folder, '--json', '--quiet', ...threads];
  return JSON.parse(execFileSync(process.execPath, command, { maxBuffer: 2 ** 30 }));
}

function ofEvaluation(evaluation, metric) {
  const [kind, name] = metric.split('.');
  return { value: evaluation[kind]?.[name], interval: evaluation.intervals[metric] };
}

function ofCell({ metrics: values, intervals }, metric) {
  return { value: values[metric], interval: intervals[metric] };
}

/** `0.598 (0.532–0.728)` */
function estimate({ value, interval }) {
  if (typeof value !== 'number') return '–';
  const bounds = interval?.map((bound) => bound.toFixed(3)).join('–');
  return `${value.toFixed(3)}${bounds ? ` (${bounds})` : ''}`;
}
