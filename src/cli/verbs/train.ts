import { IqeError } from '../../base/errors.js';
import type { DataSet } from '../../data/layout.js';
import type { FailedImage } from '../../train/failedImage.js';
import type { SavedRun } from '../../train/savedRun.js';
import { exitStatus } from '../errors.js';
import { learningMachine } from '../machine.js';
import { absoluteFolder, givenPath, givenPaths } from '../paths.js';
import { readingFlags } from '../settingKeys.js';
import { type VerbBuilder, verbCommand } from '../verb.js';
import { packageVersion } from '../version.js';

interface TrainFlags {
  readonly out: string;
  readonly leaveOut?: readonly string[];
  readonly overwrite?: true;
}

/** `iqe-clip train DATA… -o RUN --leave-out NAME` */
export const trainCommand: VerbBuilder = (run) =>
  verbCommand('train', 'Learns from whole data sets, for images of other kinds (zero-shot).', [
    'preset',
    'backbone',
    'method',
    'device',
    'threads',
    'batch-size',
    'epochs',
    'cache',
    'precision',
    ...readingFlags,
  ])
    .addHelpText(
      'after',
      `
Of each set the labelled images outside of its split 'test' are used; a fifth of them, whole
patients where they are known, is held back to choose the epoch and the threshold.`,
    )
    .argument('<data...>', 'Folders of data sets.', givenPaths)
    .requiredOption('-o, --out <run>', 'Folder of the run to write.', givenPath)
    .option(
      '--leave-out <name>',
      'Name of a set not to train on, to measure on later; can be repeated.',
      givenPaths,
    )
    .option('--overwrite', 'Replace another run in the folder.')
    .action(
      run(async (context, flags: TrainFlags, paths: string[]) => {
        const { settings, signal, onProgress, note, print, environment } = context;
        const { trainRun } = await import('../../train/train.node.js');
        const { readDataSet } = await import('../../data/layouts/read.node.js');
        const started = performance.now();
        const dataSets: DataSet[] = [];
        for (const path of paths) dataSets.push(await readDataSet(path, { signal }));
        const config = settings.run;
        const failures: FailedImage[] = [];
        const saved = await trainRun({
          config: { ...config, backbone: await absoluteFolder(config.backbone) },
          dataSets: withoutThose(dataSets, flags.leaveOut ?? []),
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
        print({ run: flags.out, seconds, ...saved, failures }, describeTraining);
        return failures.length > 0 ? exitStatus.someFailed : exitStatus.ok;
      }),
    );

function withoutThose(dataSets: readonly DataSet[], leftOut: readonly string[]): DataSet[] {
  const names = dataSets.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new IqeError('usage', `Two of the data sets are called ${twice}.`, {
      hint: 'Give each once; sets of the same name need folders of different names.',
    });
  }
  const unknown = leftOut.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new IqeError('usage', `There is no data set ${unknown} to leave out.`, {
      hint: `The sets are called ${names.join(', ')}.`,
    });
  }
  const rest = dataSets.filter(({ name }) => !leftOut.includes(name));
  if (rest.length > 0) return rest;
  throw new IqeError('usage', 'All data sets are left out.', {
    hint: 'Give at least one other to train on.',
  });
}

interface TrainResult extends SavedRun {
  readonly run: string;
  readonly seconds: number;
  readonly failures: readonly FailedImage[];
}

function describeTraining(result: TrainResult): string {
  const { run, seconds, data, config, history, decision, selected, failures } = result;
  const sets = data.sets ?? [];
  const images = sets.reduce((sum, { training }) => sum + training.length, 0);
  const held = sets.reduce((sum, { heldBack }) => sum + heldBack.length, 0);
  const threshold = decision?.threshold?.threshold;
  return [
    `Trained ${config.method} (${config.preset} preset, backbone ${config.backbone}) on ${images} images of ${sets.map(({ name }) => name).join(', ')} in ${seconds.toFixed(1)} s.`,
    ...(selected
      ? [
          `Loss ${history[0]?.toFixed(3)} → ${history.at(-1)?.toFixed(3)} over ${history.length} epochs; epoch ${selected.epoch} was best on ${held} held-back images${selected.criterion === null ? '' : ` (mean AUROC ${selected.criterion.toFixed(3)})`}.`,
        ]
      : []),
    threshold === undefined
      ? 'No threshold could be chosen.'
      : `Threshold ${threshold.toFixed(3)}, chosen on the held-back images.`,
    ...failures.map(({ message }) => `Without: ${message}`),
    `Saved in ${run}.`,
  ].join('\n');
}
