import { InvalidArgumentError } from 'commander';
import { IqeError, messageOf, throwIfAborted } from '../../base/errors.js';
import {
  type PictureKind,
  type PredictionFailure,
  type PredictionRecord,
  type PredictionReport,
  pictureKinds,
} from '../../report/predictions.js';
import type { AnomalyDetector } from '../../train/detector.js';
import type { SavedRun } from '../../train/savedRun.js';
import { exitStatus } from '../errors.js';
import { type InputImage, inputImages } from '../inputs.js';
import { runtimeOptions } from '../machine.js';
import { givenPath, givenPaths } from '../paths.js';
import { type VerbBuilder, type VerbContext, verbCommand } from '../verb.js';
import { packageVersion } from '../version.js';

interface PredictFlags {
  readonly run?: string;
  readonly out?: string;
  readonly save?: readonly PictureKind[];
}

/** `iqe-clip predict --run RUN INPUT… -o OUT` */
export const predictCommand: VerbBuilder = (run) =>
  verbCommand('predict', 'Scores images and draws where they are abnormal.', [
    'backbone',
    'device',
    'threads',
  ])
    .argument('<input...>', 'Images, folders of images, patterns.', givenPaths)
    .option('--run <run>', "Folder of a run that 'fit' wrote.", givenPath)
    .option(
      '-o, --out <out>',
      'Folder for pictures, predictions.csv and predictions.json.',
      givenPath,
    )
    .option('--save <kinds>', `Which pictures: ${pictureKinds.join(', ')} (default: all).`, kindsOf)
    .action(
      run(async (context, flags: PredictFlags, operands: string[]) => {
        if (flags.run === undefined) {
          throw new IqeError('usage', 'There is no run to predict with.', {
            hint: "Give --run RUN; 'iqe-clip fit DATA -o RUN' makes one from a few labelled images.",
          });
        }
        if (flags.save !== undefined && flags.out === undefined) {
          throw new IqeError('usage', '--save says which pictures, but not where.', {
            hint: 'Give -o OUT too.',
          });
        }
        const { openRun } = await import('../../train/runFolder.node.js');
        const { nodeRuntime } = await import('../../graph/runtime.node.js');
        const { signal, onProgress, settings, print, note } = context;
        const images = await inputImages(operands, { signal, output: flags.out, onNote: note });
        const { backbone } = settings.given as { backbone?: string };
        const { run: saved, detector } = await openRun(
          flags.run,
          nodeRuntime(runtimeOptions(settings.machine)),
          {
            backbone,
            signal,
            onProgress,
          },
        );
        try {
          const report = await predictAll(detector, saved, images, flags, context);
          if (flags.out !== undefined) {
            const { writePredictions } = await import('../../report/pictures.node.js');
            await writePredictions(flags.out, report);
          }
          print(report, describeReport);
          if (report.failures.length === 0) return exitStatus.ok;
          return report.predictions.length === 0 ? exitStatus.unreadable : exitStatus.someFailed;
        } finally {
          await detector.dispose();
        }
      }),
    );

async function predictAll(
  detector: AnomalyDetector,
  { config, createdWith }: SavedRun,
  images: readonly InputImage[],
  flags: PredictFlags,
  { signal, onProgress, note }: VerbContext,
): Promise<PredictionReport> {
  const { outputNames } = await import('../../report/outputNames.js');
  const names = outputNames(images.map(({ name }) => name));
  const predictions: PredictionRecord[] = [];
  const failures: PredictionFailure[] = [];
  for (const [index, { path }] of images.entries()) {
    throwIfAborted(signal);
    try {
      predictions.push(await predictOne(detector, path, names[index]!, flags, signal));
    } catch (error) {
      // Only what is wrong with this image; a full disk or Ctrl-C ends the command.
      if (error instanceof IqeError && error.code !== 'unreadable') throw error;
      const code = error instanceof IqeError ? error.code : 'runtime';
      failures.push({ path, code, message: messageOf(error) });
      note(`Failed: ${messageOf(error)}`);
    }
    onProgress({ stage: 'prediction', done: index + 1, total: images.length, unit: 'images' });
  }
  const model = {
    method: config.method,
    preset: config.preset,
    backbone: config.backbone,
    run: flags.run,
    fittedWith: createdWith,
    version: packageVersion,
  };
  return { model, predictions, failures };
}

async function predictOne(
  detector: AnomalyDetector,
  path: string,
  name: string,
  { out, save = pictureKinds }: PredictFlags,
  signal: AbortSignal,
): Promise<PredictionRecord> {
  const { readImage } = await import('../../data/decode.node.js');
  const started = performance.now();
  const image = await readImage(path, { signal });
  const { score, threshold, label, map, mapThreshold, peak, areaPixels } = await detector.predict(
    image,
    { signal },
  );
  const milliseconds = Math.round(performance.now() - started);
  let outputs: PredictionRecord['outputs'] = {};
  if (out !== undefined) {
    const { writePictures } = await import('../../report/pictures.node.js');
    outputs = await writePictures(out, name, { image, map, score, threshold: mapThreshold }, save);
  }
  const size = [image.width, image.height] as const;
  return { path, score, threshold, label, peak, size, areaPixels, milliseconds, outputs };
}

function kindsOf(text: string): PictureKind[] {
  const kinds = text.split(',').map((kind) => kind.trim());
  const unknown = kinds.find((kind) => !(pictureKinds as readonly string[]).includes(kind));
  if (unknown === undefined) return kinds as PictureKind[];
  throw new InvalidArgumentError(`'${unknown}' is none of ${pictureKinds.join(', ')}.`);
}

function describeReport({ predictions, failures }: PredictionReport): string {
  const lines = predictions.map(
    ({ path, score, label }) => `${score.toFixed(3)}  ${(label ?? '').padEnd(8)}  ${path}`,
  );
  if (failures.length > 0) {
    lines.push(`${failures.length} of ${failures.length + predictions.length} images failed:`);
    lines.push(...failures.map(({ message }) => `  ${message}`));
  }
  return lines.join('\n');
}
