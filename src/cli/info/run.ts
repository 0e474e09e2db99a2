import { stringify } from 'yaml';
import { isTrained, usedConfig } from '../../train/config.js';
import { RunFolder } from '../../train/runFolder.node.js';
import type { SavedRun } from '../../train/savedRun.js';
import { formatRows } from '../format.js';
import { type FileInfo, fileRows, filesIn } from './files.js';

/** A run as its `run.json` has it, and the files beside that. */
export interface RunInfo extends SavedRun {
  readonly folder: string;
  readonly files: readonly FileInfo[];
}

/**
 * Reads what is in a run's folder; nothing where `folder` is none.
 *
 * @throws {IqeError} `checkpoint` where its `run.json` is damaged.
 */
export async function runInfo(folder: string): Promise<RunInfo | undefined> {
  const run = await new RunFolder(folder).read();
  return run && { folder, ...run, files: await filesIn(folder) };
}

export function describeRun(run: RunInfo): string {
  const { data, decision, config } = run;
  const shots = `${data.shots.normal.length} normal and ${data.shots.abnormal.length} abnormal images`;
  const rows = formatRows([
    ['run', `${run.folder} (${run.finished ? 'finished' : 'not finished'})`],
    ['made with', `iqe-clip ${run.createdWith}`],
    ['data', `${data.name}: ${shots}, ${data.masks ? 'with' : 'without'} masks`],
    ['backbone', `${config.backbone} (identity ${run.backboneIdentity})`],
    ...trainingRows(run),
    [
      'threshold',
      decision?.threshold
        ? `${decision.threshold.threshold.toFixed(3)}, chosen on ${decision.chosenOn}`
        : 'none',
    ],
    ...fileRows(run.files),
  ]);
  return `${rows}\n\n${stringify(usedConfig(config)).trimEnd().replace(/^/gm, '  ')}`;
}

function trainingRows({ config, history }: RunInfo): [string, string][] {
  if (!isTrained(config.method)) return [];
  const [first, last] = [history[0], history.at(-1)].map((loss) => loss?.toFixed(4));
  return [
    ['epochs', `${history.length} of ${config.training.epochs}`],
    ['loss', first === undefined ? '–' : `${first} in the first epoch, ${last} in the last`],
  ];
}
