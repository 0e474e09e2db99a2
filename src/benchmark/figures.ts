import { metricName } from '../report/numbers.js';
import type { FewShotFigure, RadarFigure } from '../report/types.js';
import type { BenchmarkConfig } from './config.js';
import { measuredSets, type Setting, settingsOf } from './plan.js';
import { Published } from './published.js';
import { type CellResult, meanOverSets, summarise } from './results.js';

type Points = FewShotFigure['series'][number]['points'];

/** The metrics that figures show: one chart each. */
const shown = ['image.auroc', 'pixel.auroc'] as const;

/** The figures that a benchmark's file asks for, as far as there are numbers for them. */
export function benchmarkFigures(
  benchmark: BenchmarkConfig,
  cells: readonly CellResult[],
): { fewShot: FewShotFigure[]; radar: RadarFigure[] } {
  const { figures } = benchmark;
  const published = new Published(benchmark);
  const metrics = shown.filter((metric) => benchmark.metrics.includes(metric));
  return {
    fewShot: [
      ...(figures.includes('few-shot-mean')
        ? metrics.map((metric) => meanCurves(benchmark, cells, published, metric))
        : []),
      ...(figures.includes('few-shot-curves')
        ? measuredSets(benchmark).flatMap(({ name }) =>
            metrics.map((metric) => setCurves(benchmark, cells, published, name, metric)),
          )
        : []),
    ].filter(({ series }) => series.some(({ points }) => points.length > 1)),
    radar: figures.includes('radar')
      ? settingsOf(benchmark)
          .flatMap((setting) =>
            metrics.map((metric) => radar(benchmark, cells, published, setting, metric)),
          )
          .filter(({ sets, series }) => sets.length >= 3 && series.length > 0)
      : [],
  };
}

/** The settings with shots that belong to one curve: those of the first few-shot protocol. */
function curves(benchmark: BenchmarkConfig): (Setting & { shots: number })[] {
  const first = benchmark.protocols.find(({ kind }) => kind === 'few-shot');
  return settingsOf(benchmark).flatMap((setting) => {
    const { protocol, shots } = setting;
    return protocol === first && shots !== null ? [{ ...setting, shots }] : [];
  });
}

function setCurves(
  benchmark: BenchmarkConfig,
  cells: readonly CellResult[],
  published: Published,
  set: string,
  metric: string,
): FewShotFigure {
  const summaries = summarise(cells.filter((cell) => cell.set === set));
  const settings = curves(benchmark);
  return {
    title: set,
    metric: metricName(metric),
    series: seriesOf(benchmark, published, settings, {
      measured: (method) =>
        settings.flatMap(({ id, shots }) => {
          const own = summaries.find((one) => one.setting === id && one.method === method);
          const estimate = own?.metrics[metric];
          return estimate ? [{ shots, ...estimate }] : [];
        }),
      printed: (method) =>
        settings.flatMap(({ id, shots }) => {
          const value = published.value(id, method, set, metric);
          return value === null ? [] : [{ shots, value }];
        }),
    }),
  };
}

function meanCurves(
  benchmark: BenchmarkConfig,
  cells: readonly CellResult[],
  published: Published,
  metric: string,
): FewShotFigure {
  const settings = curves(benchmark);
  // Only sets with masks have pixel metrics.
  const sets = measuredSets(benchmark)
    .map(({ name }) => name)
    .filter((set) =>
      settings.some(({ id }) =>
        published.methods(id).some((method) => published.value(id, method, set, metric) !== null),
      ),
    );
  return {
    title: 'Mean of the sets',
    metric: metricName(metric),
    series: seriesOf(benchmark, published, settings, {
      measured: (method) =>
        settings.flatMap(({ id, shots }) => {
          const own = cells.filter((cell) => cell.setting === id && cell.method === method);
          const estimate = meanOverSets(own, metric);
          return estimate ? [{ shots, ...estimate }] : [];
        }),
      printed: (method) =>
        settings.flatMap(({ id, shots }) => {
          const value = published.mean(id, method, sets, metric);
          return value === null ? [] : [{ shots, value }];
        }),
    }),
  };
}

function seriesOf(
  { methods }: BenchmarkConfig,
  published: Published,
  settings: readonly Setting[],
  points: { measured: (method: string) => Points; printed: (method: string) => Points },
): FewShotFigure['series'] {
  const printed = [...new Set(settings.flatMap(({ id }) => published.methods(id)))];
  return [
    ...methods.map(({ name }) => ({ method: name, points: points.measured(name) })),
    ...printed.map((method) => ({ method, published: true, points: points.printed(method) })),
  ].filter((series) => series.points.length > 0);
}

function radar(
  benchmark: BenchmarkConfig,
  cells: readonly CellResult[],
  published: Published,
  { id, title }: Setting,
  metric: string,
): RadarFigure {
  const summaries = summarise(cells.filter(({ setting }) => setting === id));
  const value = (set: string, method: string) =>
    summaries.find((one) => one.set === set && one.method === method)?.metrics[metric]?.value ??
    null;
  const printedValue = (set: string, method: string) => published.value(id, method, set, metric);
  const own = benchmark.methods.map(({ name }) => name);
  const printed = published.methods(id);
  const sets = measuredSets(benchmark)
    .map(({ name }) => name)
    .filter(
      (set) =>
        own.some((method) => value(set, method) !== null) ||
        printed.some((method) => printedValue(set, method) !== null),
    );
  return {
    title,
    metric: metricName(metric),
    sets,
    series: [
      ...own.map((method) => ({ method, values: sets.map((set) => value(set, method)) })),
      ...printed.map((method) => ({
        method,
        published: true,
        values: sets.map((set) => printedValue(set, method)),
      })),
    ].filter(({ values }) => values.some((one) => one !== null)),
  };
}
