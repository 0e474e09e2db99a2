import { join } from 'node:path';
import { writeFileSafely } from '../base/writeFile.node.js';
import { tableCsv, tableMarkdown } from '../report/table.js';
import { saveReport } from '../report/writeReport.node.js';
import type { BenchmarkConfig } from './config.js';
import { benchmarkReport } from './reportData.js';
import type { BenchmarkOutcome } from './runBenchmark.node.js';
import { allResults, benchmarkTables } from './tables.js';

/**
 * Writes what a benchmark measured to its folder: `benchmark.json` with every cell, `benchmark.csv`
 * with every result, `benchmark.md` with the tables, and the report (`saveReport`).
 *
 * @throws {IqeError} `output`, `interrupted`
 */
export async function writeBenchmark(
  folder: string,
  benchmark: BenchmarkConfig,
  { cells, notices }: BenchmarkOutcome,
  { version, signal }: { readonly version: string; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const results = cells.map(({ result }) => result);
  const report = benchmarkReport(benchmark, cells, { notices, version, signal });
  const file = (name: string, content: string) => writeFileSafely(join(folder, name), content);
  const saved = {
    format: 'iqe-clip benchmark',
    formatVersion: 1,
    createdWith: version,
    benchmark,
    cells: results,
  };
  await file('benchmark.json', `${JSON.stringify(saved, undefined, 1)}\n`);
  await file('benchmark.csv', tableCsv(allResults(benchmark, results)));
  await file('benchmark.md', benchmarkTables(benchmark, results).map(tableMarkdown).join('\n'));
  await saveReport(folder, report);
}
