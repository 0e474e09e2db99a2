import { InvalidArgumentError } from 'commander';
import { IqeError } from '../../base/errors.js';
import { type PictureKind, type PredictionReport, pictureKinds } from '../../report/predictions.js';
import { type ExitStatus, exitStatus } from '../errors.js';
import { givenPath, givenPaths } from '../paths.js';
import type { PixelWork } from '../pixelWork.js';
import { readingFor } from '../reading.js';
import { checkScorer, openScorer } from '../scorer.js';
import { readingFlags } from '../settingKeys.js';
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
    'method',
    'backbone',
    'device',
    'threads',
    'cache',
    'precision',
    ...readingFlags,
  ])
    .argument('<input...>', 'Images, folders of images, patterns, DICOMDIRs.', givenPaths)
    .option('--run <run>', "Folder of a run that 'fit' wrote.", givenPath)
    .option(
      '-o, --out <out>',
      'Folder for pictures, predictions.csv and predictions.json.',
      givenPath,
    )
    .option('--save <kinds>', `Which pictures: ${pictureKinds.join(', ')} (default: all).`, kindsOf)
    .action(
      run(async (context, flags: PredictFlags, operands: string[]) => {
        await checkScorer(flags.run, context);
        if (flags.save !== undefined && flags.out === undefined) {
          throw new IqeError('usage', '--save says which pictures, but not where.', {
            hint: 'Give -o OUT too.',
          });
        }
        const { startPixelWork } = await import('../pixelThread.js');
        const pixels = await startPixelWork(context.signal);
        try {
          return await predict(operands, flags, context, pixels);
        } finally {
          await pixels.close();
        }
      }),
    );

async function predict(
  operands: readonly string[],
  flags: PredictFlags,
  context: VerbContext,
  pixels: PixelWork,
): Promise<ExitStatus> {
  const { inputImages } = await import('../inputs.js');
  const { predictAll } = await import('../prediction.js');
  const { noMap } = await import('../../train/detector.js');
  const { entryOf } = await import('../../methods/registry.js');
  const { signal, onProgress, settings, print, note } = context;
  const images = await inputImages(operands, { signal, output: flags.out, onNote: note });
  const { run: saved, detector } = await openScorer(flags.run, context, {
    images: images.length,
  });
  try {
    const { config, createdWith } = saved;
    const { out, save = pictureKinds } = flags;
    if (entryOf(config.method).needs.map === false && out !== undefined) {
      const refusal = noMap(config.method);
      if (flags.save !== undefined) throw refusal;
      note(`${refusal.message} No pictures are written.`);
    }
    const reading = readingFor(config, settings.given);
    const predicted = { reading, out, save, signal, onProgress, note };
    const report: PredictionReport = {
      model: {
        method: config.method,
        preset: config.preset,
        backbone: config.backbone,
        run: flags.run ?? null,
        fittedWith: createdWith,
        version: packageVersion,
      },
      ...(await predictAll(detector, images, pixels, predicted)),
    };
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
}

function kindsOf(text: string): PictureKind[] {
  const kinds = text.split(',').map((kind) => kind.trim());
  const unknown = kinds.find((kind) => !(pictureKinds as readonly string[]).includes(kind));
  if (unknown === undefined) return kinds as PictureKind[];
  throw new InvalidArgumentError(`'${unknown}' is none of ${pictureKinds.join(', ')}.`);
}

function describeReport({ predictions, volumes = [], failures }: PredictionReport): string {
  const lines = predictions.map(
    ({ path, score, label }) => `${score.toFixed(3)}  ${(label ?? '').padEnd(8)}  ${path}`,
  );
  for (const { path, images, of, score, label, highest } of volumes) {
    const place = highest.slice(path.length + 1);
    lines.push(
      `${score.toFixed(3)}  ${(label ?? '').padEnd(8)}  ${path}: highest of ${images === of ? of : `${images} of ${of}`} images, ${place}`,
    );
  }
  if (failures.length > 0) {
    lines.push(`${failures.length} of ${failures.length + predictions.length} images failed:`);
    lines.push(...failures.map(({ message }) => `  ${message}`));
  }
  return lines.join('\n');
}
