import { isTrained } from '../train/config.js';
import type { SavedRun } from '../train/savedRun.js';
import { ruleOf } from './evaluationResult.js';
import { counted, formatScore } from './numbers.js';
import { backboneNotices, runFacts, runProtocol } from './runFacts.js';
import type { MetricCell, ReportData, ReportTable } from './types.js';

/** The report of a run itself: what it learned from, how the loss fell, how it decides. */
export function runReport(run: SavedRun): ReportData {
  const { config, data, history, finished } = run;
  const trained = `${counted(history.length, 'epoch')} of ${config.training.epochs}`;
  const unfinished = isTrained(config.method)
    ? `The run is not finished: ${trained}.`
    : 'The run is not finished.';
  return {
    title: `${config.method} fitted on ${data.name}`,
    subtitle: 'A run, not yet measured on other images: that is what evaluate does.',
    notices: [...backboneNotices(run), ...(finished ? [] : [unfinished])],
    facts: [...runFacts(run), ['Images and masks', `SHA-256 ${data.hash.slice(0, 16)}…`]],
    protocol: runProtocol(run),
    losses: history.length > 0 ? [{ title: 'Training', losses: history }] : [],
    tables: [...decisionTable(run), supportTable(run)],
  };
}

/** What the threshold did on the images that it was chosen on. */
function decisionTable({ decision }: SavedRun): ReportTable[] {
  const threshold = decision?.threshold;
  if (!threshold) return [];
  const { confusion, rates } = threshold;
  const metric = (value: number | null): MetricCell => ({
    estimate: value === null ? null : { value },
  });
  return [
    {
      title: 'The threshold on the images that it was chosen on',
      note: `Rates in %, on the ${decision.chosenOn}: on new images they will be lower.`,
      columns: [
        { name: 'Threshold', kind: 'text' },
        { name: 'Chosen by', kind: 'text' },
        { name: 'Images', kind: 'text' },
        { name: 'Sensitivity', kind: 'metric' },
        { name: 'Specificity', kind: 'metric' },
        { name: 'Precision', kind: 'metric' },
        { name: 'F1', kind: 'metric' },
      ],
      rows: [
        [
          formatScore(threshold.threshold),
          ruleOf(threshold),
          `${Object.values(confusion).reduce((sum, count) => sum + count, 0)}`,
          metric(rates.sensitivity),
          metric(rates.specificity),
          metric(rates.precision),
          metric(rates.f1),
        ],
      ],
    },
  ];
}

function supportTable({ data: { shots } }: SavedRun): ReportTable {
  return {
    title: 'Support images',
    columns: [
      { name: 'Image', kind: 'text' },
      { name: 'Label', kind: 'text' },
    ],
    rows: [
      ...shots.normal.map((id) => [id, 'normal']),
      ...shots.abnormal.map((id) => [id, 'abnormal']),
    ],
  };
}
