import { join } from 'node:path';
import { writeFileSafely } from '../base/writeFile.node.js';
import type { EvaluationReport } from '../train/evaluate.node.js';
import { type EvaluatedRun, evaluationReport } from './evaluationReport.js';
import { scoresCsv } from './scoresCsv.js';
import { saveReport } from './writeReport.node.js';

/**
 * Writes an evaluation to a folder: `evaluation.json`, `scores.csv`, and its report (`saveReport`).
 *
 * @param printed What `evaluation.json` holds: the same as stdout with `--json`.
 * @throws {IqeError} `output`, `interrupted`
 */
export async function writeEvaluation(
  folder: string,
  evaluated: EvaluatedRun & { readonly measured: EvaluationReport },
  printed: object,
  signal?: AbortSignal,
): Promise<void> {
  const { images, threshold } = evaluated.measured;
  const json = `${JSON.stringify(printed, undefined, 2)}\n`;
  await writeFileSafely(join(folder, 'evaluation.json'), json);
  await writeFileSafely(join(folder, 'scores.csv'), scoresCsv(images, threshold));
  await saveReport(folder, evaluationReport(evaluated, signal));
}
