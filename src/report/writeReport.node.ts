import { writeFileSafely } from '../base/writeFile.node.js';
import { reportPage } from './page.js';
import type { ReportData } from './types.js';

/**
 * Writes the report as one HTML file.
 *
 * @throws {IqeError} `output` where it cannot be written; `data` where a picture is not a data URI
 */
export async function writeReport(file: string, data: ReportData): Promise<void> {
  await writeFileSafely(file, reportPage(data));
}
