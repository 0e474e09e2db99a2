import type { ReportData } from '../report/types.js';
import type { BenchmarkConfig } from './config.js';
import { settingsOf } from './plan.js';

/** Who chose what on which data, for the report. */
export function protocolOf(benchmark: BenchmarkConfig): ReportData['protocol'] {
  const settings = settingsOf(benchmark);
  return {
    name: [...new Set(settings.map(({ title }) => title))].join('; '),
    description: [
      ...benchmark.description,
      ...fewShotText(benchmark),
      'No score is scaled over a test set: the score of an image is that of this image alone.',
    ],
    selectsOnTest: false,
  };
}

function fewShotText({ sets, protocols }: BenchmarkConfig): string[] {
  if (!protocols.some(({ kind }) => kind === 'few-shot')) return [];
  const published = sets.filter(({ shotFiles }) => shotFiles !== undefined).length;
  const chosen =
    published === sets.length
      ? 'named by the published shot files'
      : published > 0
        ? 'named by the published shot files where a set has them, else chosen by the seed'
        : 'chosen by the seed';
  return [
    `Few-shot: a model learns from K normal and K abnormal images of the split valid, ${chosen}. The last epoch is taken; the other labelled images of the split choose the threshold and the calibration of scores. The test split is opened when the run is finished.`,
  ];
}
