import { evaluationResult } from '../report/evaluationResult.js';
import { counted } from '../report/numbers.js';
import type { EvaluationResult, ReportData } from '../report/types.js';
import type { BenchmarkConfig } from './config.js';
import { benchmarkFigures } from './figures.js';
import { settingsOf } from './plan.js';
import { protocolOf } from './protocolText.js';
import type { FinishedCell } from './results.js';
import { benchmarkTables } from './tables.js';

export interface BenchmarkReportOptions {
  /** What a reader must know of the data. */
  readonly notices?: readonly string[];
  /** Version of this package. */
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the report of a benchmark shows. The same cells give the same report: nothing in it tells when
 * or how fast they were made.
 *
 * @throws {IqeError} `interrupted`
 */
export function benchmarkReport(
  benchmark: BenchmarkConfig,
  cells: readonly FinishedCell[],
  { notices = [], version, signal }: BenchmarkReportOptions,
): ReportData {
  const results = cells.map(({ result }) => result);
  const failed = results.filter(({ failure }) => failure !== null).length;
  const unread = results.reduce((sum, { failedImages }) => sum + failedImages, 0);
  return {
    title: benchmark.title,
    subtitle: `${counted(benchmark.methods.length, 'method')} on ${counted(benchmark.sets.length, 'data set')}`,
    notices: [
      ...backboneNotices(cells),
      ...(failed > 0 ? [`${failed} of ${counted(cells.length, 'result')} failed.`] : []),
      ...(unread > 0 ? [`${counted(unread, 'image')} could not be read and left out.`] : []),
      ...notices,
    ],
    facts: facts(benchmark, cells, version),
    protocol: protocolOf(benchmark),
    tables: benchmarkTables(benchmark, results),
    ...benchmarkFigures(benchmark, results),
    evaluations: benchmark.evaluations ? evaluations(benchmark, cells, signal) : [],
  };
}

function backboneNotices(cells: readonly FinishedCell[]): string[] {
  if (!cells.some(({ cell }) => cell.config.backbone === 'tiny')) return [];
  return [
    'The backbone tiny was pretrained on drawn phantoms and is no substitute for CLIP: these numbers compare methods on weak features and say little of what they reach with CLIP.',
  ];
}

function facts(
  { seeds, methods, sets, published }: BenchmarkConfig,
  cells: readonly FinishedCell[],
  version: string,
): ReportData['facts'] {
  const distinct = (values: readonly string[]) => [...new Set(values)].join(', ');
  return [
    ['Methods', methods.map(({ name }) => name).join(', ')],
    ['Data sets', sets.map(({ name }) => name).join(', ')],
    ['Backbone', distinct(cells.map(({ cell }) => cell.config.backbone))],
    ['Preset', distinct(cells.map(({ cell }) => cell.config.preset))],
    ['Seeds', seeds.join(', ')],
    ...sets.flatMap(({ name }): ReportData['facts'] => {
      const measured = cells.find(({ cell, result }) => cell.set.name === name && result.n);
      if (!measured?.result.n) return [];
      const { n, dataHash } = measured.result;
      const patients = n.patients === null ? '' : ` of ${counted(n.patients, 'patient')}`;
      return [
        [
          `Test images of ${name}`,
          `${n.normal} normal and ${n.abnormal} abnormal${patients}, SHA-256 ${dataHash?.slice(0, 16)}…`,
        ],
      ];
    }),
    ...(published.length > 0
      ? [['Published numbers', distinct(published.map(({ source }) => source))] as const]
      : []),
    ['Made with', `iqe-clip ${version}`],
  ];
}

function evaluations(
  { seeds, protocols }: BenchmarkConfig,
  cells: readonly FinishedCell[],
  signal: AbortSignal | undefined,
): EvaluationResult[] {
  const single = settingsOf({ protocols }).length === 1;
  return cells.flatMap(({ cell, measured }) => {
    if (!measured || cell.seed !== seeds[0]) return [];
    const { method, set, setting } = cell;
    return evaluationResult(measured.evaluation, {
      method: single ? method.name : `${method.name}, ${setting.id}`,
      set: set.name,
      rule: measured.rule,
      signal,
    });
  });
}
