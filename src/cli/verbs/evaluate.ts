import { join } from 'node:path';
import { Option } from 'commander';
import { IqeError } from '../../base/errors.js';
import type { DataSet, Split } from '../../data/layout.js';
import { patientsElsewhere } from '../../data/layoutPatients.js';
import { counted } from '../../report/numbers.js';
import { unitNotice } from '../../report/unitNotice.js';
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
        const { out, split } = flags;
        const dataSet = await readDataSet(data, { signal });
        const { run: saved, detector } = await openScorer(flags.run, context, {
          embeddings: out !== undefined,
        });
        try {
          const samples = evaluationSamples(dataSet, split, saved.data);
          const reading = readingFor(saved.config, settings.given);
          const recorder = out === undefined ? undefined : await evaluationRecorder(seed);
          const onImage = recorder && ((measured: MeasuredImage) => recorder.add(measured));
          const options = { seed, reading, onImage, signal, onProgress };
          const report = await evaluate(detector, dataSet, samples, options);
          for (const { message } of report.failures) note(`Failed: ${message}`);
          const printed = { run: flags.run ?? null, split, ...report };
          const shared = dataSet.name === saved.data.name ? patientsElsewhere(dataSet, samples) : 0;
          const notices = shared > 0 ? [sharedPatientsNotice(shared, dataSet)] : [];
          for (const notice of notices) note(notice);
          if (out !== undefined && recorder) {
            const { writeEvaluation } = await import('../../report/writeEvaluation.node.js');
            const shown = await recorder.shown({ signal, onProgress });
            const evaluated = { run: saved, set: dataSet.name, split, measured: report, ...shown };
            await writeEvaluation(out, { ...evaluated, notices }, printed, signal);
            note(`The report is ${join(out, 'report.html')}.`);
          }
          print(printed, describeEvaluation);
          return statusOf(report, flags, note);
        } finally {
          await detector.dispose();
        }
      }),
    );

async function evaluationRecorder(seed: number) {
  const { EvaluationRecorder } = await import('../../report/evaluationRecorder.node.js');
  return new EvaluationRecorder(seed);
}

function sharedPatientsNotice(count: number, { name, patients }: DataSet): string {
  const guessed = patients === 'derived' ? ' (guessed from file names)' : '';
  return `${counted(count, 'patient')}${guessed} of these images are in another split of ${name} too: where the run learned from it, results on them are too good.`;
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
  const { n, image, pixel, intervals, decisions, pixelDecisions, failures } = report;
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
    value('image.sensitivityAt95Specificity', image.sensitivityAt95Specificity),
    value('image.specificityAt95Sensitivity', image.specificityAt95Sensitivity),
    ...(pixel
      ? [
          value('pixel.auroc', pixel.auroc),
          value('pixel.ap', pixel.ap),
          value('pixel.aupro', pixel.aupro),
          value('pixel.f1Max', pixel.f1Max),
        ]
      : []),
    ...(pixelDecisions
      ? [
          value('pixelDecisions.f1', pixelDecisions.rates.f1),
          value('pixelDecisions.iou', pixelDecisions.rates.iou),
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
    ...(report.resampled === null ? [unitNotice(report)!] : []),
    ...failures.map(({ message }) => `Without: ${message}`),
  ].join('\n');
}
