import { metricName } from '../report/numbers.js';
import type { MetricCell, ReportTable, TableColumn } from '../report/types.js';
import type { BenchmarkConfig, TableConfig } from './config.js';
import { measuredSets, type Setting, settingsOf } from './plan.js';
import { Published } from './published.js';
import { type CellResult, meanOverSets, type Summary, summarise } from './results.js';

/** One group of columns: a set in a setting, or the mean over sets. */
interface Group {
  readonly heading: string;
  readonly metrics: readonly string[];
  readonly cell: (method: string, metric: string) => MetricCell;
}

/** The tables that a benchmark's file asks for, with printed numbers beside measured ones. */
export function benchmarkTables(
  benchmark: BenchmarkConfig,
  cells: readonly CellResult[],
): ReportTable[] {
  const maker = new TableMaker(benchmark, cells);
  return benchmark.tables.flatMap((table) => maker.tables(table));
}

/** Every summary in one table, a row each, for CSV. */
export function allResults(benchmark: BenchmarkConfig, cells: readonly CellResult[]): ReportTable {
  const published = new Published(benchmark);
  const summaries = summarise(cells);
  const names = [...new Set(summaries.flatMap(({ metrics }) => Object.keys(metrics)))];
  const text = (name: string): TableColumn => ({ name, kind: 'text' });
  return {
    title: benchmark.title,
    columns: [
      ...['Setting', 'Set', 'Method'].map(text),
      ...names.map((name): TableColumn => ({ name, kind: 'metric' })),
      text('Failure'),
    ],
    rows: summaries.map(({ setting, set, method, metrics, failure }) => [
      setting,
      set,
      method,
      ...names.map((name) => ({
        estimate: metrics[name] ?? null,
        published: published.value(setting, method, set, name),
      })),
      failure,
    ]),
  };
}

class TableMaker {
  readonly #benchmark: BenchmarkConfig;
  readonly #cells: readonly CellResult[];
  readonly #summaries: readonly Summary[];
  readonly #published: Published;

  constructor(benchmark: BenchmarkConfig, cells: readonly CellResult[]) {
    this.#benchmark = benchmark;
    this.#cells = cells;
    this.#summaries = summarise(cells);
    this.#published = new Published(benchmark);
  }

  tables(table: TableConfig): ReportTable[] {
    const settings = settingsOf(this.#benchmark).filter(
      ({ id }) => table.settings?.includes(id) ?? true,
    );
    if (table.columns === 'settings') {
      const groups = settings.flatMap((setting) => this.#setGroups(setting, true));
      return [this.#table(table, table.title, groups, settings)];
    }
    return settings.map((setting) => {
      const groups = [...this.#setGroups(setting, false), ...this.#meanGroup(setting)];
      const title = settings.length === 1 ? table.title : `${table.title}: ${setting.title}`;
      return this.#table(table, title, groups, [setting]);
    });
  }

  #table(
    { note }: TableConfig,
    title: string,
    groups: readonly Group[],
    settings: readonly Setting[],
  ): ReportTable {
    const own = this.#benchmark.methods.map(({ name }) => name);
    const printed = settings.flatMap(({ id }) => this.#published.methods(id));
    const present = new Set([
      ...printed,
      ...this.#cells
        .filter(({ setting }) => settings.some(({ id }) => id === setting))
        .map(({ method }) => method),
    ]);
    const methods = [...new Set([...own, ...printed])].filter((method) => present.has(method));
    return {
      title,
      note: [note, this.#spreadNote(), this.#sourceNote(printed)].filter(Boolean).join(' '),
      markBest: true,
      columns: [
        { name: 'Method', kind: 'text' },
        ...groups.flatMap(({ heading, metrics }) =>
          metrics.map(
            (metric): TableColumn => ({ name: metricName(metric), group: heading, kind: 'metric' }),
          ),
        ),
      ],
      rows: methods.map((method) => [
        method,
        ...groups.flatMap(({ metrics, cell }) => metrics.map((metric) => cell(method, metric))),
      ]),
    };
  }

  #setGroups(setting: Setting, namesSetting: boolean): Group[] {
    const sets = measuredSets(this.#benchmark);
    return sets.map(({ name }) => ({
      heading: !namesSetting
        ? name
        : sets.length === 1
          ? setting.title
          : `${name}, ${setting.title}`,
      metrics: this.#metricsOf(setting, name),
      cell: (method, metric) => this.#cell(setting, name, method, metric),
    }));
  }

  /** Those of the wanted metrics that were measured or printed for a set. */
  #metricsOf({ id }: Setting, set: string): string[] {
    const own = this.#summaries.filter((one) => one.setting === id && one.set === set);
    const wanted = this.#benchmark.metrics.filter(
      (metric) =>
        own.some(({ metrics }) => metrics[metric]) ||
        this.#published
          .methods(id)
          .some((method) => this.#published.value(id, method, set, metric) !== null),
    );
    // A set on which all failed still has a column to say so.
    return wanted.length > 0 ? wanted : this.#benchmark.metrics.slice(0, 1);
  }

  #cell({ id }: Setting, set: string, method: string, metric: string): MetricCell {
    const own = this.#summaries.find(
      (one) => one.setting === id && one.set === set && one.method === method,
    );
    const first = this.#benchmark.metrics.find((name) => own?.metrics[name] ?? name === metric);
    return {
      estimate: own?.metrics[metric] ?? null,
      published: this.#published.value(id, method, set, metric),
      // Said once, not in every column of the set.
      failure: metric === first ? (own?.failure ?? null) : null,
    };
  }

  #meanGroup(setting: Setting): Group[] {
    if (measuredSets(this.#benchmark).length < 2) return [];
    const own = this.#cells.filter((cell) => cell.setting === setting.id);
    const metrics = this.#benchmark.metrics.filter((metric) =>
      own.some((cell) => typeof cell.metrics?.[metric] === 'number'),
    );
    return [
      {
        heading: 'Mean of sets',
        metrics,
        cell: (method, metric) => ({
          estimate: meanOverSets(
            own.filter((cell) => cell.method === method),
            metric,
            // Of methods that were left out on a set, a mean of the others would be of other sets.
            own.flatMap(({ set, metrics: measured }) =>
              typeof measured?.[metric] === 'number' ? set : [],
            ),
          ),
        }),
      },
    ];
  }

  #spreadNote(): string {
    const { seeds } = this.#benchmark;
    if (seeds.length > 1) return `In %, mean ± standard deviation over ${seeds.length} seeds.`;
    const over = new Set(this.#cells.flatMap(({ resampled }) => resampled ?? []));
    const units = over.size === 2 ? 'patients, or images where none are known' : [...over][0];
    return units ? `In %, with 95 % intervals by bootstrap over ${units}.` : 'In %.';
  }

  #sourceNote(printed: readonly string[]): string {
    const { sources } = this.#published;
    return printed.length > 0 ? `Published: ${sources.join('; ')}.` : '';
  }
}
