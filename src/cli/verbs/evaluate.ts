import { join } from 'node:path';
import { Option } from 'commander';
import { IqeError } from '../../base/errors.js';
import type { Split } from '../../data/layout.js';
import type { EvaluationReport, MeasuredImage } from '../../train/evaluate.node.js';
import { exitStatus } from '../errors.js';
import { formatRows } from '../format.js';
import { share } from '../numbers.js';
import { givenPath } from '../paths.js';
import { readingFor } from '../reading.js';
import { checkScorer, openScorer } from '../scorer.js';
import { readingFlags } from '../settingKeys.js';
import { type VerbBuilder, verbCommand } from '../verb.js';

interface EvaluateFlags {
  readonly run?: string;
  readonly out?: string;
  readonly split: Split;
  readonly minAuroc?: number;
}

/** `iqe-clip evaluate --run RUN DATA -o OUT` */
export const evaluateCommand: VerbBuilder = (run) =>
  verbCommand('evaluate', 'Measures a run on labelled images.', [
    'method',
    'backbone',
    'device',
    'threads',
    'cache',
    'precision',
    ...readingFlags,
  ])
    .argument('<data>', 'Folder of a data set.', givenPath)
    .option('--run <run>', "Folder of a run that 'fit' wrote.", givenPath)
    .option(
      '-o, --out <out>',
      'Folder for evaluation.json, scores.csv and the report (report.html).',
      givenPath,
    )
    .addOption(
      new Option('--split <split>', 'Which images; support images are never among them.')
        .choices(['train', 'valid', 'test'])
        .default('test'),
    )
    .option('--min-auroc <x>', 'Exit with status 5 where the image AUROC is lower.', share)
    .action(
      run(async (context, flags: EvaluateFlags, data: string) => {
        await checkScorer(flags.run, context);
        const { signal, onProgress, settings, note, print } = context;
        const { readDataSet } = await import('../../data/layouts/read.node.js');
        const { evaluate, evaluationSamples } = await import('../../train/evaluate.node.js');
        const { seed } = settings.run;
        const dataSet = await readDataSet(data, { signal });
        const { run: saved, detector } = await openScorer(flags.run, context);
        try {
          const samples = evaluationSamples(dataSet, flags.split, saved.data);
          const reading = readingFor(saved.config, settings.given);
          const { out, split } = flags;
          const pictures = out === undefined ? undefined : await galleryPictures();
          const onImage = pictures && ((measured: MeasuredImage) => pictures.add(measured));
          const options = { seed, reading, onImage, signal, onProgress };
          const report = await evaluate(detector, dataSet, samples, options);
          for (const { message } of report.failures) note(`Failed: ${message}`);
          const printed = { run: flags.run ?? null, split, ...report };
          if (out !== undefined && pictures) {
            const { writeEvaluation } = await import('../../report/writeEvaluation.node.js');
            const { thumbnails } = pictures;
            const evaluated = {
              run: saved,
              set: dataSet.name,
              split,
              measured: report,
              thumbnails,
            };
            await writeEvaluation(out, evaluated, printed, signal);
            note(`The report is ${join(out, 'report.html')}.`);
          }
          print(printed, describeEvaluation);
          return statusOf(report, flags, note);
        } finally {
          await detector.dispose();
        }
      }),
    );

async function galleryPictures() {
  const { GalleryPictures } = await import('../../report/galleryPictures.node.js');
  return new GalleryPictures();
}

function statusOf(
  { image, failures }: EvaluationReport,
  { minAuroc }: EvaluateFlags,
  note: (line: string) => void,
) {
  if (minAuroc !== undefined) {
    if (image.auroc === null) {
      throw new IqeError('data', 'There is no AUROC: it needs normal and abnormal images.');
    }
    if (image.auroc < minAuroc) {
      note(`The image AUROC ${image.auroc.toFixed(4)} is below ${minAuroc}.`);
      return exitStatus.gateMissed;
    }
  }
  return failures.length > 0 ? exitStatus.someFailed : exitStatus.ok;
}

function describeEvaluation(report: EvaluationReport & { split: string }): string {
  const { n, image, pixel, intervals, decisions, failures } = report;
  const value = (name: string, measured: number | null): [string, string] => {
    const [low, high] = intervals[name] ?? [];
    const range =
      low === undefined ? '' : `  95 % interval ${low.toFixed(3)} – ${high!.toFixed(3)}`;
    return [name, `${measured === null ? 'undefined' : measured.toFixed(3)}${range}`];
  };
  const rows = [
    value('image.auroc', image.auroc),
    value('image.ap', image.ap),
    value('image.f1Max', image.f1Max),
    ...(pixel
      ? [
          value('pixel.auroc', pixel.auroc),
          value('pixel.ap', pixel.ap),
          value('pixel.aupro', pixel.aupro),
          value('pixel.f1Max', pixel.f1Max),
        ]
      : []),
    ...(decisions
      ? [
          value('decisions.sensitivity', decisions.rates.sensitivity),
          value('decisions.specificity', decisions.rates.specificity),
        ]
      : []),
  ];
  const patients = n.patients === null ? '' : ` of ${n.patients} patients`;
  const images = `${n.normal} normal and ${n.abnormal} abnormal images`;
  return [
    `${images}${patients} (${report.split}):`,
    formatRows(rows),
    ...failures.map(({ message }) => `Without: ${message}`),
  ].join('\n');
}
