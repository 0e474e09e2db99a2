import type { CurveSeries } from './curvePlot.js';
import { plainTable } from './figure.js';
import { gallery } from './gallery.js';
import { histogram } from './histogram.js';
import { type Html, html } from './html.js';
import {
  counted,
  decimalsOf,
  formatEstimate,
  formatInterval,
  formatPercent,
  formatScore,
  metricName,
  noNumber,
} from './numbers.js';
import { countOutcomes, outcomeOf, wilsonInterval, worstFirst } from './outcomes.js';
import { prPlot } from './prPlot.js';
import { rocPlot } from './rocPlot.js';
import type { StyleOf } from './series.js';
import { tableHtml } from './table.js';
import type { Curve, Estimate, EvaluationResult, MetricCell, ReportTable } from './types.js';

/** Rows of the list of scores; a longer list belongs in a file. */
const longestList = 500;

/** A metric of a result with its interval; `undefined` where there is none. */
function estimateOf(result: EvaluationResult, key: string): Estimate | undefined {
  const value = result.metrics[key];
  if (value === null || value === undefined) return undefined;
  return { value, interval: result.intervals?.[key] ?? null };
}

/** The metrics of one result as large numbers. */
export function metricTiles(result: EvaluationResult): Html {
  return html`<ul class="tiles">${Object.keys(result.metrics).map((key) => {
    const estimate = estimateOf(result, key);
    return html`<li><div class="tile-name">${metricName(key)}</div><div class="tile-value">${
      estimate
        ? html`${formatPercent(estimate.value, decimalsOf(estimate))} <small>%</small>`
        : noNumber
    }</div>${
      estimate?.interval &&
      html`<div class="tile-spread">95 % CI ${formatInterval(estimate.interval, decimalsOf(estimate))}</div>`
    }</li>`;
  })}</ul>`;
}

/** A row for every result, a column for every metric that any of them has. */
export function overviewTable(results: readonly EvaluationResult[], title: string): ReportTable {
  const oneSet = new Set(results.map(({ set }) => set)).size === 1;
  const keys = [...new Set(results.flatMap(({ metrics }) => Object.keys(metrics)))];
  return {
    title,
    note: 'In %, with 95 % intervals.',
    markBest: oneSet,
    columns: [
      { name: 'Method', kind: 'text' },
      ...(oneSet ? [] : [{ name: 'Set', kind: 'text' as const }]),
      { name: 'Images', kind: 'text' },
      ...keys.map((key) => ({ name: metricName(key), kind: 'metric' as const })),
    ],
    rows: results.map((result) => [
      result.method,
      ...(oneSet ? [] : [result.set]),
      `${result.images.length}`,
      ...keys.map((key): MetricCell => ({ estimate: estimateOf(result, key) ?? null })),
    ]),
  };
}

/**
 * All that there is to show of the methods on one set: metrics, ROC and PR curves, histograms of
 * scores, what the threshold does, galleries and the list of scores.
 *
 * @param id Unique in the page
 * @param results Of the same set
 * @param withMetrics Whether the metrics are told here: not where the page's summary has them all
 */
export function evaluationSection(
  id: string,
  results: readonly EvaluationResult[],
  withMetrics: boolean,
  styleOf: StyleOf,
): Html {
  const first = results[0] as EvaluationResult;
  const alone = results.length === 1;
  const abnormal = first.images.filter(({ label }) => label === 'abnormal').length;
  const normal = first.images.length - abnormal;
  return html`<section id="${id}" aria-labelledby="${id}-name"><h2 id="${id}-name">${first.set}</h2><p class="quiet">${counted(normal, 'normal image')}, ${counted(abnormal, 'abnormal image')}${alone && `; method: ${first.method}`}</p>
${withMetrics && (alone ? metricTiles(first) : tableHtml(overviewTable(results, `Methods on ${first.set}`)))}
<div class="plots">${curves(id, results, abnormal / first.images.length, styleOf)}${results.map(
    (result, index) =>
      histogram(
        `${id}-scores-${index}`,
        alone ? 'Anomaly scores' : `Anomaly scores: ${result.method}`,
        result.images,
        result.threshold?.value ?? null,
      ),
  )}</div>
${thresholdTable(results)}
${results.map(
  (result) =>
    result.images.some(({ thumbnails }) => thumbnails) &&
    html`<h3>${alone ? 'Gallery' : `Gallery: ${result.method}`}</h3>${gallery(
      `${result.method} on ${result.set}`,
      result.images,
      result.threshold?.value ?? null,
    )}`,
)}
${results.map(scoreList)}</section>
`;
}

function curves(
  id: string,
  results: readonly EvaluationResult[],
  prevalence: number,
  styleOf: StyleOf,
): Html {
  const series = (
    kind: 'roc' | 'pr',
    key: string,
    name: string,
    pointOf: (result: EvaluationResult) => { x: number; y: number } | undefined,
  ): CurveSeries[] =>
    results.flatMap((result) => {
      const curve: Curve | null | undefined = result[kind];
      const estimate = estimateOf(result, key);
      if (!curve) return [];
      const summary = estimate ? `${name} ${formatEstimate(estimate)} %` : '';
      return [
        {
          style: styleOf(result.method),
          name: result.method,
          summary,
          curve,
          operatingPoint: pointOf(result),
        },
      ];
    });
  const roc = series('roc', 'image.auroc', 'AUROC', (result) => {
    const at = operatingPoint(result);
    return at && { x: 1 - at.specificity, y: at.sensitivity };
  });
  const pr = series('pr', 'image.ap', 'AP', (result) => {
    const at = operatingPoint(result);
    return at && at.positives > 0 ? { x: at.sensitivity, y: at.precision } : undefined;
  });
  return html`${roc.length > 0 && rocPlot(`${id}-roc`, 'ROC curve, by image', roc)}${
    pr.length > 0 && prPlot(`${id}-pr`, 'Precision and recall, by image', pr, prevalence)
  }`;
}

/** Rates at the threshold; `undefined` without one, or without images of both kinds. */
function operatingPoint({ images, threshold }: EvaluationResult) {
  if (!threshold) return undefined;
  const counts = countOutcomes(images, threshold.value);
  const abnormal = counts.detected + counts.missed;
  const normal = counts.cleared + counts['false alarm'];
  if (abnormal === 0 || normal === 0) return undefined;
  const positives = counts.detected + counts['false alarm'];
  return {
    counts,
    abnormal,
    normal,
    positives,
    sensitivity: counts.detected / abnormal,
    specificity: counts.cleared / normal,
    precision: counts.detected / positives,
  };
}

function thresholdTable(results: readonly EvaluationResult[]): Html {
  const rows = results.flatMap((result) => {
    const at = operatingPoint(result);
    if (!at || !result.threshold) return [];
    const { counts, abnormal, normal } = at;
    const { intervals } = result.threshold;
    const share = (part: number, whole: number, name: 'sensitivity' | 'specificity') => {
      const interval = intervals === undefined ? wilsonInterval(part, whole) : intervals?.[name];
      return formatEstimate({ value: part / whole, interval: interval ?? null });
    };
    return [
      [
        result.method,
        formatScore(result.threshold.value),
        result.threshold.rule,
        share(counts.detected, abnormal, 'sensitivity'),
        share(counts.cleared, normal, 'specificity'),
        counts.detected,
        counts.missed,
        counts['false alarm'],
        counts.cleared,
      ],
    ];
  });
  if (rows.length === 0) return html``;
  return html`<h3>At the threshold</h3>${plainTable(
    [
      'Method',
      'Threshold',
      'Chosen by',
      'Sensitivity %',
      'Specificity %',
      'Detected',
      'Missed',
      'False alarms',
      'Cleared',
    ],
    rows,
  )}<p class="note">Sensitivity and specificity with 95 % intervals${
    results.some(({ threshold }) => threshold?.intervals !== undefined)
      ? ' by bootstrap over patients where some have several images, else'
      : ''
  } after Wilson.</p>`;
}

function scoreList(result: EvaluationResult): Html {
  const threshold = result.threshold?.value ?? null;
  const listed = worstFirst(result.images, threshold).slice(0, longestList);
  const left = result.images.length - listed.length;
  return html`<details><summary>Scores of ${result.method} on ${result.set}, worst first</summary>${plainTable(
    ['Image', 'Label', 'Score', 'Outcome'],
    listed.map((image) => [
      image.id,
      image.label,
      formatScore(image.score),
      threshold === null ? noNumber : outcomeOf(image, threshold),
    ]),
  )}${left > 0 && html`<p class="note">${counted(left, 'further image')} left out.</p>`}</details>
`;
}
