import { evaluationResult } from '../report/evaluationResult.js';
import { counted } from '../report/numbers.js';
import type { EmbeddingFigure, EvaluationResult, MapsFigure, ReportData } from '../report/types.js';
import { unitNotice } from '../report/unitNotice.js';
import type { BenchmarkConfig } from './config.js';
import { benchmarkFigures } from './figures.js';
import { measuredSets, settingsOf } from './plan.js';
import { protocolOf } from './protocolText.js';
import type { CellResult, FinishedCell } from './results.js';
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
    subtitle: `${counted(benchmark.methods.length, 'method')} on ${counted(measuredSets(benchmark).length, 'data set')}`,
    notices: [
      ...backboneNotices(cells),
      ...(failed > 0 ? [`${failed} of ${counted(cells.length, 'result')} failed.`] : []),
      ...unitNotices(benchmark, results),
      ...(unread > 0 ? [`${counted(unread, 'image')} could not be read and left out.`] : []),
      ...notices,
    ],
    facts: facts(benchmark, cells, version),
    protocol: protocolOf(benchmark),
    tables: benchmarkTables(benchmark, results),
    ...benchmarkFigures(benchmark, results),
    embeddings: embeddings(cells),
    maps: maps(benchmark, cells),
    evaluations: benchmark.evaluations ? evaluations(benchmark, cells, signal) : [],
  };
}

function backboneNotices(cells: readonly FinishedCell[]): string[] {
  if (!cells.some(({ cell }) => cell.config.backbone === 'tiny')) return [];
  return [
    'The backbone tiny was pretrained on drawn phantoms and is no substitute for CLIP: these numbers compare methods on weak features and say little of what they reach with CLIP.',
  ];
}

function unitNotices(benchmark: BenchmarkConfig, results: readonly CellResult[]): string[] {
  return measuredSets(benchmark).flatMap(({ name }) => {
    const measured = results.find(({ set, n }) => set === name && n);
    if (!measured?.n) return [];
    const notice = unitNotice({ n: measured.n, resampled: measured.resampled });
    return notice === null ? [] : `${name}. ${notice}`;
  });
}

function facts(
  benchmark: BenchmarkConfig,
  cells: readonly FinishedCell[],
  version: string,
): ReportData['facts'] {
  const { seeds, methods, published } = benchmark;
  const sets = measuredSets(benchmark);
  const others = benchmark.sets.filter((set) => !sets.includes(set));
  const distinct = (values: readonly string[]) => [...new Set(values)].join(', ');
  return [
    ['Methods', methods.map(({ name }) => name).join(', ')],
    ['Data sets', sets.map(({ name }) => name).join(', ')],
    ...(others.length > 0
      ? [['Only learned from', others.map(({ name }) => name).join(', ')] as const]
      : []),
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
      thumbnails: new Map(Object.entries(measured.shown?.gallery ?? {})),
      signal,
    });
  });
}

function embeddings(cells: readonly FinishedCell[]): EmbeddingFigure[] {
  return cells.flatMap(({ cell, measured }) =>
    (measured?.shown?.embeddings ?? []).map((figure) => ({
      ...figure,
      title: `${cell.method.name} on ${cell.set.name}, ${cell.setting.id}`,
    })),
  );
}

/** For each setting and set the maps of all methods that have any. */
function maps(benchmark: BenchmarkConfig, cells: readonly FinishedCell[]): MapsFigure[] {
  return settingsOf(benchmark).flatMap(({ id, title }) =>
    measuredSets(benchmark).flatMap(({ name }): MapsFigure[] => {
      const own = cells.flatMap(({ cell, measured }) => {
        const compared = Object.entries(measured?.shown?.compared ?? {});
        const isOfThese = cell.setting.id === id && cell.set.name === name;
        return isOfThese && compared.length > 0
          ? [{ method: cell.method.name, pictures: new Map(compared) }]
          : [];
      });
      const ids = [...new Set(own.flatMap(({ pictures }) => [...pictures.keys()]))];
      if (ids.length === 0) return [];
      const images = ids.map((image) => {
        const pictures = own.map((one) => one.pictures.get(image));
        const { image: picture, groundTruth = null } = pictures.find((one) => one !== undefined)!;
        return {
          id: image,
          image: picture,
          groundTruth,
          maps: pictures.map((one) => one?.map ?? null),
        };
      });
      return [{ title: `${name}, ${title}`, methods: own.map(({ method }) => method), images }];
    }),
  );
}
