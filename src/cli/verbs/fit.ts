import { readFile } from 'node:fs/promises';
import { IqeError, messageOf } from '../../base/errors.js';
import type { DataSet } from '../../data/layout.js';
import type { Shots } from '../../data/shots.js';
import { entryOf } from '../../methods/registry.js';
import type { RunConfig } from '../../train/config.js';
import type { FailedImage } from '../../train/failedImage.js';
import { checkNeeds, needsNothing, takesNormalAlone } from '../../train/needs.js';
import type { SavedRun } from '../../train/savedRun.js';
import { exitStatus } from '../errors.js';
import { learningMachine } from '../machine.js';
import { wholeNumber } from '../numbers.js';
import { absoluteFolder, givenPath } from '../paths.js';
import { readingFlags } from '../settingKeys.js';
import { type VerbBuilder, verbCommand } from '../verb.js';
import { packageVersion } from '../version.js';

interface FitFlags {
  readonly out: string;
  readonly shots?: number;
  readonly shotFile?: string;
  readonly normal?: string;
  readonly abnormal?: string;
  readonly masks?: string;
  readonly overwrite?: true;
}

const settingFlags = [
  'preset',
  'backbone',
  'method',
  'device',
  'threads',
  'batch-size',
  'epochs',
  'sensitivity',
  'cache',
  'precision',
  ...readingFlags,
] as const;

/** `iqe-clip fit DATA -o RUN --shots K` */
export const fitCommand: VerbBuilder = (run) =>
  verbCommand('fit', 'Learns from a few labelled images (few-shot) and saves a run.', settingFlags)
    .argument('[data]', "Folder of a data set; shots are taken from its 'valid' split.", givenPath)
    .requiredOption('-o, --out <run>', 'Folder of the run to write.', givenPath)
    .option(
      '--shots <k>',
      'Normal and as many abnormal images to learn from; normal ones alone with methods that take no others (default: 4, or 0 with methods that need none).',
      wholeNumber,
    )
    .option(
      '--shot-file <file>',
      'File that names the images, as published with the paper.',
      givenPath,
    )
    .option('--normal <dir>', 'Normal images, instead of a data set.', givenPath)
    .option('--abnormal <dir>', 'Abnormal images, beside --normal.', givenPath)
    .option('--masks <dir>', 'Masks of the abnormal images, by name.', givenPath)
    .option('--overwrite', 'Replace another run in the folder.')
    .action(
      run(
        async (
          { settings, signal, onProgress, note, print, environment },
          flags: FitFlags,
          data?: string,
        ) => {
          const config = settings.run;
          checkSource(flags, data, config.method);
          const { fitRun } = await import('../../train/fit.node.js');
          const started = performance.now();
          const dataSet = await openData(flags, data, signal);
          const shots = await chooseShots(flags, dataSet, config);
          const failures: FailedImage[] = [];
          const saved = await fitRun({
            config: { ...config, backbone: await absoluteFolder(config.backbone) },
            dataSet,
            shots,
            output: flags.out,
            overwrite: flags.overwrite ?? false,
            ...(await learningMachine(settings.machine, environment, note)),
            version: packageVersion,
            signal,
            onProgress,
            onNote: note,
            onFailure(failure) {
              failures.push(failure);
              note(`Failed: ${failure.message}`);
            },
          });
          const seconds = (performance.now() - started) / 1000;
          print({ run: flags.out, seconds, ...saved, failures }, describeFit);
          return failures.length > 0 ? exitStatus.someFailed : exitStatus.ok;
        },
      ),
    );

function checkSource(flags: FitFlags, data: string | undefined, method: RunConfig['method']): void {
  if ((data === undefined) === (flags.normal === undefined)) {
    throw new IqeError('usage', 'Either a data set or --normal DIR is needed, and not both.', {
      hint: "For example 'iqe-clip fit DATA -o RUN --shots 4' or 'iqe-clip fit --normal A --abnormal B -o RUN'.",
    });
  }
  if (data !== undefined && (flags.abnormal ?? flags.masks) !== undefined) {
    throw new IqeError('usage', '--abnormal and --masks go with --normal, not with a data set.', {
      hint: 'A data set has its own: leave them out, or give --normal DIR instead of the data set.',
    });
  }
  if (flags.shots !== undefined && flags.shotFile !== undefined) {
    throw new IqeError('usage', 'Either --shots or --shot-file chooses the images, not both.', {
      hint: 'Leave out one of them; the shot file says how many images there are.',
    });
  }
  const normalOnly = flags.normal !== undefined && flags.abnormal === undefined;
  const normal = flags.shots === 0 ? 0 : 1;
  const abnormal = normalOnly ? 0 : normal;
  if (abnormal === 0) checkNeeds(method, { normal, abnormal, masks: true });
}

async function openData(
  flags: FitFlags,
  data: string | undefined,
  signal: AbortSignal,
): Promise<DataSet> {
  if (data !== undefined) {
    const { readDataSet } = await import('../../data/layouts/read.node.js');
    return readDataSet(data, { signal });
  }
  const { readImageFolders } = await import('../../data/layouts/explicit.node.js');
  const { normal, abnormal, masks } = flags;
  return readImageFolders({ normal: normal!, abnormal, masks }, { signal });
}

/**
 * Folders are used whole unless a number of shots is given; of a data set, four of each label that the
 * method learns from are.
 */
async function chooseShots(
  flags: FitFlags,
  dataSet: DataSet,
  { method, seed }: RunConfig,
): Promise<Shots> {
  const { selectShots, shotsFromFile } = await import('../../data/shots.js');
  const { needs } = entryOf(method);
  const abnormal = !takesNormalAlone(needs);
  const { shotFile } = flags;
  if (shotFile !== undefined) {
    const text = await readFile(shotFile, 'utf8').catch((cause: unknown) => {
      const message = `The shot file ${shotFile} cannot be read: ${messageOf(cause)}.`;
      throw new IqeError('unreadable', message, { hint: 'Check --shot-file.', cause });
    });
    try {
      const shots = shotsFromFile(dataSet, text);
      return abnormal ? shots : { ...shots, abnormal: [] };
    } catch (cause) {
      if (!(cause instanceof IqeError)) throw cause;
      const { code, message, hint = '' } = cause;
      throw new IqeError(code, `${shotFile}: ${message}`, { hint, cause });
    }
  }
  if (flags.normal !== undefined && flags.shots === undefined) {
    const labelled = (label: 0 | 1) => dataSet.samples.filter((sample) => sample.label === label);
    return { normal: labelled(0), abnormal: labelled(1) };
  }
  const { shots = needsNothing(needs) ? 0 : 4 } = flags;
  return shots === 0
    ? { normal: [], abnormal: [] }
    : selectShots(dataSet, shots, seed, { abnormal });
}

interface FitResult extends SavedRun {
  readonly run: string;
  readonly seconds: number;
  readonly failures: readonly FailedImage[];
}

function describeFit({
  run,
  seconds,
  history,
  data,
  decision,
  config,
  failures,
}: FitResult): string {
  const { normal, abnormal } = data.shots;
  const threshold = decision?.threshold?.threshold;
  const preset = config.method === 'iqe-clip' ? `${config.preset} preset, ` : '';
  const lines = [
    `Fitted ${config.method} (${preset}backbone ${config.backbone}) on ${normal.length} normal and ${abnormal.length} abnormal images in ${seconds.toFixed(1)} s.`,
    history.length === 0
      ? 'It trains nothing.'
      : `Loss ${history[0]!.toFixed(3)} → ${history.at(-1)!.toFixed(3)} over ${history.length} epochs.`,
    threshold === undefined
      ? 'No threshold could be chosen.'
      : `Threshold ${threshold.toFixed(3)}, chosen on ${decision!.chosenOn}.`,
    ...failures.map(({ message }) => `Without: ${message}`),
    `Saved in ${run}.`,
  ];
  return lines.join('\n');
}
