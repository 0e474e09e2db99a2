import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError, messageOf } from '../base/errors.js';
import { writeFileSafely } from '../base/writeFile.node.js';
import { reportPage } from './page.js';
import type { ReportData } from './types.js';

/** What a folder's report is made of: `report.json`. */
interface SavedReport {
  readonly format: 'iqe-clip report';
  readonly formatVersion: 1;
  readonly report: ReportData;
}

/**
 * Writes the report as one HTML file.
 *
 * @throws {IqeError} `output` where it cannot be written; `data` where a picture is not a data URI
 */
export async function writeReport(file: string, data: ReportData): Promise<void> {
  await writeFileSafely(file, reportPage(data));
}

/**
 * Writes what a report shows to `report.json` in a folder, and its page to `report.html` beside it.
 *
 * @throws {IqeError} as {@link writeReport}
 */
export async function saveReport(folder: string, report: ReportData): Promise<void> {
  const saved: SavedReport = { format: 'iqe-clip report', formatVersion: 1, report };
  await writeFileSafely(join(folder, 'report.json'), `${JSON.stringify(saved)}\n`);
  await writeReport(join(folder, 'report.html'), report);
}

/**
 * What {@link saveReport} wrote to a folder; nothing where there is no `report.json`.
 *
 * @throws {IqeError} `data` where the file is another one, or damaged
 */
export async function readReport(folder: string): Promise<ReportData | undefined> {
  const file = join(folder, 'report.json');
  const json = await readFile(file, 'utf8').catch(() => undefined);
  if (json === undefined) return undefined;
  const hint = "Repeat the 'evaluate' or 'benchmark' that wrote it.";
  let saved: Partial<SavedReport> | null;
  try {
    saved = JSON.parse(json);
  } catch (cause) {
    throw new IqeError('data', `${file} is not JSON: ${messageOf(cause)}.`, { hint, cause });
  }
  if (saved?.format !== 'iqe-clip report' || saved.formatVersion !== 1 || !saved.report) {
    throw new IqeError('data', `${file} is no report of this version of iqe-clip.`, { hint });
  }
  return saved.report;
}
