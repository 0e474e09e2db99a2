import { type CurveSeries, curveRows, drawCurves, unitPlot } from './curvePlot.js';
import { figure } from './figure.js';
import { type Html, html } from './html.js';
import { curveNote } from './rocPlot.js';
import { seriesLegend } from './series.js';
import { coordinate, picture } from './svg.js';

/**
 * The precision-recall curve of one or more methods on the same images, with its band, the share
 * of abnormal images (what chance would reach), and a dot where the threshold is.
 *
 * @param id Unique in the page
 * @param prevalence Abnormal images as a share of all, 0…1
 */
export function prPlot(
  id: string,
  title: string,
  series: readonly CurveSeries[],
  prevalence: number,
): Html {
  const plot = unitPlot('Recall (sensitivity)', 'Precision');
  const height = coordinate(plot.y(prevalence));
  const chance = html`<line class="reference" x1="${coordinate(plot.x(0))}" y1="${height}" x2="${coordinate(plot.x(1))}" y2="${height}"/>`;
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
    note: curveNote(series, 'The dashed line is the share of abnormal images.'),
    data: {
      header: ['Recall', ...series.map(({ name }) => name)],
      rows: curveRows(series, [0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 1]),
    },
  });
}
