// Writes the measured tables of docs/methods.md and docs/choosing-a-method.md, between their markers
// `<!-- measured: NAME -->` and `<!-- end -->`, from what was measured:
//   node scripts/methodTables.mjs BENCHMARK.json… [COSTS]
// BENCHMARK.json is what `iqe-clip benchmark configs/compare-all.yaml` wrote (or several parts of it, of
// which the first has all methods); COSTS is a folder with
// METHOD.json of `iqe-clip bench --method METHOD --json` and METHOD.fit.json, { seconds, set, shots, epochs }, of
// 4-shot fits. A table is left as it is where nothing was measured for it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table, writeTables } from './markedTables.mjs';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const metricNames = {
  'image.auroc': 'image AUROC',
  'pixel.auroc': 'pixel AUROC',
  'pixel.aupro': 'pixel AUPRO',
};

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Value and interval in %: `81.2 (72–89)`. */
function estimate(cell, metric) {
  const value = cell?.metrics?.[metric];
  if (typeof value !== 'number') return '–';
  const interval = cell.intervals[metric];
  const [low, high] = (interval ?? []).map((bound) => (100 * bound).toFixed(0));
  return `${(100 * value).toFixed(1)}${interval ? ` (${low}–${high})` : ''}`;
}

class Results {
  constructor({ benchmark, cells }) {
    this.benchmark = benchmark;
    this.cells = cells.filter(({ seed }) => seed === benchmark.seeds[0]);
    this.sets = benchmark.sets.map(({ name }) => name);
    this.methods = benchmark.methods.map(({ name }) => name);
  }

  cell(setting, set, method) {
    return this.cells.find(
      (one) => one.setting === setting && one.set === set && one.method === method,
    );
  }

  /** One metric: a row a method, a column a set. */
  metricTable(setting, metric) {
    const has = (set, method) =>
      typeof this.cell(setting, set, method)?.metrics?.[metric] === 'number';
    const sets = this.sets.filter((set) => this.methods.some((method) => has(set, method)));
    const methods = this.methods.filter((method) => sets.some((set) => has(set, method)));
    if (methods.length === 0) return undefined;
    const best = sets.map((set) => this.best(setting, set, metric));
    const rows = methods.map((method) => [
      method,
      ...sets.map((set, column) => {
        const cell = this.cell(setting, set, method);
        const text = estimate(cell, metric);
        return cell !== undefined && cell === best[column] ? `**${text}**` : text;
      }),
    ]);
    return table(['method', ...sets], rows, ['---', ...sets.map(() => '---:')]);
  }

  measured(setting, set, metric) {
    return this.cells.filter(
      (cell) =>
        cell.setting === setting && cell.set === set && typeof cell.metrics?.[metric] === 'number',
    );
  }

  best(setting, set, metric) {
    return this.measured(setting, set, metric)
      .sort((a, b) => b.metrics[metric] - a.metrics[metric])
      .at(0);
  }

  /** For each set, the largest value, and the methods whose interval ends below where its begins. */
  separation(setting, metric) {
    const rows = this.sets.flatMap((set) => {
      const best = this.best(setting, set, metric);
      const interval = best?.intervals[metric];
      if (!best || !interval) return [];
      const all = this.measured(setting, set, metric);
      const overlapping = all.filter(
        (cell) => cell !== best && (cell.intervals[metric]?.[1] ?? 1) >= interval[0],
      );
      const { normal, abnormal } = best.n;
      return [
        [
          set,
          `${normal} + ${abnormal}`,
          `${best.method}, ${estimate(best, metric)}`,
          `${overlapping.length} of ${all.length - 1}`,
        ],
      ];
    });
    if (rows.length === 0) return undefined;
    const head = [
      'set',
      'test images, normal + abnormal',
      'largest value',
      'others whose interval reaches its interval',
    ];
    return table(head, rows, ['---', '---:', '---', '---:']);
  }

  /** Methods by their mean over the sets that all of them were measured on. */
  means(setting, metric) {
    const names = this.methods.filter((method) =>
      this.sets.some((set) => this.measured(setting, set, metric).some((c) => c.method === method)),
    );
    const sets = this.sets.filter((set) => this.measured(setting, set, metric).length > 0);
    const rows = names.flatMap((method) => {
      const cells = sets.map((set) => this.cell(setting, set, method));
      if (cells.some((cell) => typeof cell?.metrics?.[metric] !== 'number')) return [];
      const values = cells.map((cell) => 100 * cell.metrics[metric]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return [[method, mean, Math.min(...values), Math.max(...values)]];
    });
    if (rows.length === 0) return undefined;
    const sorted = rows.sort((a, b) => b[1] - a[1]);
    return table(
      ['method', `mean of ${sets.length} sets`, 'lowest', 'highest'],
      sorted.map(([method, ...values]) => [method, ...values.map((value) => value.toFixed(1))]),
      ['---', '---:', '---:', '---:'],
    );
  }

  tables() {
    const found = {};
    for (const setting of new Set(this.cells.map((cell) => cell.setting))) {
      const metrics = Object.entries(metricNames).flatMap(([metric, name]) => {
        const text = this.metricTable(setting, metric);
        return text ? [`${name[0].toUpperCase()}${name.slice(1)} in %:\n\n${text}`] : [];
      });
      if (metrics.length > 0) found[`results ${setting}`] = metrics.join('\n\n');
      for (const metric of Object.keys(metricNames)) {
        const separation = this.separation(setting, metric);
        if (separation) found[`separation ${setting} ${metric}`] = separation;
        const means = this.means(setting, metric);
        if (means) found[`means ${setting} ${metric}`] = means;
      }
    }
    return found;
  }
}

function costTables(folder) {
  const found = {};
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const benches = names.filter((name) => !name.endsWith('.fit.json')).sort();
  const gigabytes = (megabytes) => (megabytes / 1000).toFixed(1);
  const seconds = (value) => value.toPrecision(2);
  if (benches.length > 0) {
    const costs = benches.map((name) => readJson(join(folder, name)));
    const rates = costs.map(({ peakGflops }) => peakGflops);
    const rows = costs
      .sort((a, b) => a.predict.seconds * a.peakGflops - b.predict.seconds * b.peakGflops)
      .map(({ method, imageSize, peakGflops, predict, trainStep }) => [
        `\`${method}\``,
        imageSize,
        `${seconds(predict.seconds)} s`,
        (predict.seconds * peakGflops).toFixed(0),
        `${gigabytes(predict.peakMB)} GB`,
        ...(trainStep
          ? [
              `${seconds(trainStep.seconds)} s for ${trainStep.batch}`,
              ((trainStep.seconds * peakGflops) / trainStep.batch).toFixed(0),
              `${gigabytes(trainStep.peakMB)} GB`,
              `${(trainStep.parameters / 1e6).toFixed(2)} M`,
            ]
          : ['–', '–', '–', '–']),
      ]);
    const head = [
      ...['`--method`', 'pixels', 'per image', 'GFLOP', 'memory'],
      ...['training step, images', 'GFLOP per image', 'memory', 'trained'],
    ];
    const { cpu, threads } = costs[0];
    found.costs = `${table(
      head,
      rows,
      head.map((_, index) => (index === 0 ? '---' : '---:')),
    )}\n\nMeasured on ${cpu} with ${threads} threads, whose float32 matrix product ran at ${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)} GFLOP/s meanwhile; GFLOP is time × that rate, which is alike on all machines.`;
  }
  const fits = names.filter((name) => name.endsWith('.fit.json')).sort();
  if (fits.length > 0) {
    const rows = fits
      .map((name) => readJson(join(folder, name)))
      .sort((a, b) => a.seconds - b.seconds)
      .map(({ method, shots, epochs, seconds }) => [
        `\`${method}\``,
        shots,
        epochs || '–',
        `${seconds.toFixed(0)} s`,
      ]);
    const { set } = readJson(join(folder, fits[0]));
    found.fits = `${table(['`--method`', 'K', 'epochs', 'fit'], rows, [
      '---',
      '---:',
      '---:',
      '---:',
    ])}\n\nA whole \`fit\` of ${set} with default settings (RD4AD and MKD at 256 pixels) and the backbone \`tiny\`, threshold included, nothing cached.`;
  }
  return found;
}

const files = process.argv.slice(2).filter((path) => path.endsWith('.json'));
const costs = process.argv.slice(2).find((path) => !path.endsWith('.json'));
if (files.length === 0) {
  console.error('Usage: node scripts/methodTables.mjs BENCHMARK.json… [COSTS]');
  process.exit(2);
}
const parts = files.map(readJson);
const results = new Results({ ...parts[0], cells: parts.flatMap(({ cells }) => cells) });
const tables = {
  ...results.tables(),
  ...(costs !== undefined && existsSync(costs) ? costTables(costs) : {}),
};
for (const page of ['methods.md', 'choosing-a-method.md']) writeTables(join(docs, page), tables);
