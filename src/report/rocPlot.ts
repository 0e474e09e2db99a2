import { type CurveSeries, curveRows, drawCurves, unitPlot } from './curvePlot.js';
import { figure } from './figure.js';
import { type Html, html } from './html.js';
import { seriesLegend } from './series.js';
import { coordinate, picture } from './svg.js';

/**
 * The ROC curve of one or more methods on the same images: true positive rate over false positive
 * rate, with its band, the diagonal of chance, and a dot where the threshold is.
 *
 * @param id Unique in the page
 */
export function rocPlot(id: string, title: string, series: readonly CurveSeries[]): Html {
  const plot = unitPlot(
    'False positive rate (1 − specificity)',
    'True positive rate (sensitivity)',
  );
  const chance = html`<line class="reference" x1="${coordinate(plot.x(0))}" y1="${coordinate(plot.y(0))}" x2="${coordinate(plot.x(1))}" y2="${coordinate(plot.y(1))}"/>`;
  const description = series.map(({ name, summary }) => `${name}: ${summary}.`).join(' ');
  return figure({
    title,
    picture: picture(
      id,
      plot.frame,
      title,
      description,
      html`${chance}${drawCurves(plot, series)}`,
    ),
    legend: seriesLegend(
      series.map(({ style, name, summary }) => ({ style, name, detail: summary })),
      false,
    ),
    note: curveNote(series, 'The dashed diagonal is chance.'),
    data: {
      header: ['False positive rate', ...series.map(({ name }) => name)],
      rows: curveRows(series, [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1]),
    },
  });
}

/** What bands and dots mean, where there are any. */
export function curveNote(series: readonly CurveSeries[], reference: string): string {
  const band = series.some(({ curve }) => curve.low) && 'Bands are 95 % intervals.';
  const dot = series.some(({ operatingPoint }) => operatingPoint) && 'The dot is the threshold.';
  return [band, dot, reference].filter((text) => text).join(' ');
}
