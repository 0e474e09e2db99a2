import type { ReportData } from '../report/types.js';
import type { BenchmarkConfig, ProtocolConfig } from './config.js';
import { measuredSets, settingsOf } from './plan.js';

/** Who chose what on which data, for the report. */
export function protocolOf(benchmark: BenchmarkConfig): ReportData['protocol'] {
  const settings = settingsOf(benchmark);
  const texts = benchmark.protocols.map((protocol) => textOf(protocol, benchmark));
  return {
    name: [...new Set(settings.map(({ title }) => title))].join('; '),
    description: [
      ...benchmark.description,
      ...new Set(texts),
      'No score is scaled over a test set: the score of an image is that of this image alone.',
    ],
    selectsOnTest: benchmark.protocols.some(({ selectOn }) => selectOn === 'test'),
  };
}

function textOf(protocol: ProtocolConfig, benchmark: BenchmarkConfig): string {
  return `${learnedText(protocol, benchmark)} ${selectionText(protocol)}`;
}

function learnedText(protocol: ProtocolConfig, benchmark: BenchmarkConfig): string {
  if (protocol.kind === 'zero-shot') return zeroShotText(protocol);
  if (protocol.kind === 'all-normal') return allNormalText(protocol);
  return shotsText(protocol, benchmark);
}

function allNormalText({ most }: ProtocolConfig & { kind: 'all-normal' }): string {
  const limit = most === undefined ? '' : ` (at most ${most}, chosen by the seed)`;
  return `All normal images: methods that take no abnormal ones learn from all normal images of the split train${limit}; where a set has none there, from those of the split valid, of which a fifth (whole patients, where several are known) is held back to choose the threshold.`;
}

function zeroShotText({ leaveOut, selectOn }: ProtocolConfig & { kind: 'zero-shot' }): string {
  const others =
    leaveOut === 'set' ? 'the other sets' : 'the sets of other modalities than the measured one';
  const images =
    selectOn === 'test' ? 'the labelled test images' : 'labelled images outside of the test splits';
  return `Zero-shot: a model learns from ${images} of ${others}, and nothing of the measured set.`;
}

function shotsText(
  { kind }: ProtocolConfig & { kind: 'few-shot' | 'normal-only' },
  benchmark: BenchmarkConfig,
): string {
  const sets = measuredSets(benchmark);
  const published = sets.filter(({ shotFiles }) => shotFiles !== undefined).length;
  const chosen =
    published === sets.length
      ? 'named by the published shot files'
      : published > 0
        ? 'named by the published shot files where a set has them, else chosen by the seed'
        : 'chosen by the seed';
  return kind === 'few-shot'
    ? `Few-shot: a model learns from K normal and K abnormal images of the split valid, ${chosen}; methods that take no abnormal ones from the normal ones.`
    : `Normal only: a model learns from K normal images of the split valid, ${chosen}.`;
}

function selectionText({ kind, selectOn }: ProtocolConfig): string {
  if (selectOn === 'test') {
    return 'The epoch and the threshold are chosen on the test images themselves, as the released code does.';
  }
  if (kind === 'all-normal') {
    return 'The last epoch is taken; labelled images of the split valid that were not learned from choose the threshold and the calibration of scores. The test split is opened when the run is finished.';
  }
  return kind === 'zero-shot'
    ? 'A part of the images learned from, whole patients where they are known, is held back and chooses the epoch, the threshold and the calibration of scores. The test split is opened when the run is finished.'
    : 'The last epoch is taken; the other labelled images of the split choose the threshold and the calibration of scores. The test split is opened when the run is finished.';
}
