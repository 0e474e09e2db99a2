import { figure } from './figure.js';
import { type Html, html } from './html.js';
import { decimalsOf, formatEstimate, formatPercent, noNumber } from './numbers.js';
import { type StyleOf, seriesClass, seriesLegend, seriesMark } from './series.js';
import { coordinate, linePath, makePlot, picture, roundTicks } from './svg.js';
import type { Estimate, FewShotFigure } from './types.js';

const frame = { width: 420, height: 340, left: 58, right: 16, top: 14, bottom: 52 };

/**
 * A metric over the number of shots, a line for every method; whiskers are intervals, or one
 * deviation over seeds to each side. Published numbers are dashed.
 *
 * @param id Unique in the page
 */
export function fewShotCurves(
  id: string,
  { title, metric, series }: FewShotFigure,
  styleOf: StyleOf,
): Html {
  const shots = [
    ...new Set(series.flatMap(({ points }) => points.map((point) => point.shots))),
  ].sort((a, b) => a - b);
  const reached = series.flatMap(({ points }) =>
    points.flatMap((point) => [point.value, ...(spreadOf(point) ?? [])]),
  );
  const lowest = Math.min(1, ...reached);
  const highest = Math.max(0, ...reached);
  const margin = Math.max(0.01, (highest - lowest) * 0.08);
  const range = { min: Math.max(0, lowest - margin), max: Math.min(1, highest + margin) };
  const plot = makePlot(
    frame,
    {
      label: 'Shots (normal and abnormal images each)',
      min: -0.4,
      max: shots.length - 0.6,
      ticks: shots.map((_, index) => index),
      format: (index) => `${shots[index]}`,
    },
    {
      label: `${metric} (%)`,
      ...range,
      ticks: roundTicks(range.min, range.max, 5),
      format: (value) => formatPercent(value, range.max - range.min < 0.04 ? 1 : 0),
    },
  );
  const lines = series.map(({ method, points, published }, index) => {
    const style = styleOf(method);
    // Series stand a little apart, so that their whiskers do not cover one another.
    const aside = (index - (series.length - 1) / 2) * 5;
    const placed = [...points]
      .sort((a, b) => a.shots - b.shots)
      .map((point) => ({ x: plot.x(shots.indexOf(point.shots)) + aside, point }));
    return html`<g class="${seriesClass(style)}"><path class="line${published ? ' dashed' : ''}" d="${linePath(
      placed.map(({ x, point }) => [x, plot.y(point.value)] as const),
    )}"/>${placed.map(({ x, point }) => {
      const spread = spreadOf(point);
      return html`${spread && whisker(x, plot.y(spread[0]), plot.y(spread[1]))}${seriesMark(style, x, plot.y(point.value))}`;
    })}</g>`;
  });
  const description = series
    .map(
      ({ method, points }) =>
        `${method}: ${points.map((point) => `${point.shots} shots ${formatPercent(point.value, decimalsOf(point))}`).join(', ')}.`,
    )
    .join(' ');
  return figure({
    title,
    picture: picture(id, frame, title, description, html`${plot.axes}${lines}`),
    legend: seriesLegend(
      series.map(({ method, published }) => ({
        style: styleOf(method),
        name: method,
        ...(published ? { detail: 'published', dashed: true } : {}),
      })),
    ),
    data: {
      header: ['Shots', ...series.map(({ method }) => method)],
      rows: shots.map((count) => [
        count,
        ...series.map(({ points }) => {
          const point = points.find((candidate) => candidate.shots === count);
          return point ? formatEstimate(point) : noNumber;
        }),
      ]),
    },
  });
}

function spreadOf({ value, interval, deviation }: Estimate): readonly [number, number] | undefined {
  if (interval) return interval;
  return deviation ? [value - deviation, value + deviation] : undefined;
}

function whisker(x: number, low: number, high: number): Html {
  const left = coordinate(x - 3);
  return html`<path class="whisker" d="M${coordinate(x)} ${coordinate(low)}V${coordinate(high)}M${left} ${coordinate(low)}h6M${left} ${coordinate(high)}h6"/>`;
}
