import { figure } from './figure.js';
import { type Html, html } from './html.js';
import { formatPercent, noNumber } from './numbers.js';
import { type StyleOf, seriesClass, seriesLegend, seriesMark } from './series.js';
import { coordinate, linePath, picture, roundTicks } from './svg.js';
import type { RadarFigure } from './types.js';

const frame = { width: 460, height: 380 };
const centre = { x: frame.width / 2, y: frame.height / 2 + 4 };
const radius = 138;

/**
 * A metric of several methods on several sets, a spoke for every set. All spokes have the same
 * scale; it starts below the smallest value, not at 0, and its rings say where.
 *
 * @param id Unique in the page
 */
export function radarChart(
  id: string,
  { title, metric, sets, series }: RadarFigure,
  styleOf: StyleOf,
): Html {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const lowest = known.reduce((a, b) => Math.min(a, b), 1);
  const inner = Math.max(0, Math.min(0.9, Math.floor(lowest * 10 - 0.5) / 10));
  const rings = roundTicks(inner, 1, 4).filter((value) => value > inner);
  const place = (spoke: number, value: number) => {
    const angle = (2 * Math.PI * spoke) / sets.length - Math.PI / 2;
    const length = (radius * (value - inner)) / (1 - inner);
    return [centre.x + length * Math.cos(angle), centre.y + length * Math.sin(angle)] as const;
  };
  const grid = html`<g class="axes">${rings.map(
    (value) =>
      html`<path class="grid" d="${linePath(sets.map((_, spoke) => place(spoke, value)))}Z"/>`,
  )}${sets.map((name, spoke) => {
    const [x, y] = place(spoke, 1);
    const [labelX, labelY] = place(spoke, 1 + (1 - inner) * 0.09);
    const side = Math.abs(labelX - centre.x) < 8 ? 'middle' : labelX < centre.x ? 'end' : 'start';
    const lift =
      labelY < centre.y - radius ? '-0.1em' : labelY > centre.y + radius ? '0.7em' : '0.32em';
    return html`<line class="grid" x1="${centre.x}" y1="${centre.y}" x2="${coordinate(x)}" y2="${coordinate(y)}"/><text class="axis-name" x="${coordinate(labelX)}" y="${coordinate(labelY)}" dy="${lift}" text-anchor="${side}">${shortened(name)}</text>`;
  })}</g>`;
  const ringNames = rings.map((value) => {
    const [x, y] = place(0, value);
    return html`<text class="halo ring" x="${coordinate(x + 4)}" y="${coordinate(y + 4)}">${formatPercent(value, 0)}</text>`;
  });
  const shapes = series.map(({ method, values, published }) => {
    const style = styleOf(method);
    const points = values.map((value, spoke) => (value === null ? null : place(spoke, value)));
    const dashed = published ? ' dashed' : '';
    return html`<g class="${seriesClass(style)}"><path class="line area${dashed}" d="${outline(points)}"/>${points.map(
      (point) => point && seriesMark(style, point[0], point[1], 4),
    )}</g>`;
  });
  const description = series
    .map(
      ({ method, values }) =>
        `${method}: ${sets
          .map((set, spoke) => {
            const value = values[spoke];
            return `${set} ${value === null || value === undefined ? 'not measured' : formatPercent(value, 1)}`;
          })
          .join(', ')}.`,
    )
    .join(' ');
  return figure({
    title,
    picture: picture(id, frame, title, description, html`${grid}${shapes}${ringNames}`),
    legend: seriesLegend(
      series.map(({ method, published }) => ({
        style: styleOf(method),
        name: method,
        ...(published ? { detail: 'published', dashed: true } : {}),
      })),
    ),
    note: `${metric} in %; the centre is ${formatPercent(inner, 0)}.`,
    data: {
      header: ['Set', ...series.map(({ method }) => method)],
      rows: sets.map((set, spoke) => [
        set,
        ...series.map(({ values }) => {
          const value = values[spoke];
          return value === null || value === undefined ? noNumber : formatPercent(value, 1);
        }),
      ]),
    },
  });
}

/** The outline through all points; a spoke without a value leaves a gap. */
function outline(points: readonly (readonly [number, number] | null)[]): string {
  if (points.every((point) => point !== null)) return `${linePath(points)}Z`;
  const count = points.length;
  return points
    .map((point, spoke) => {
      const next = points[(spoke + 1) % count];
      return point && next ? linePath([point, next]) : '';
    })
    .join('');
}

function shortened(name: string): string {
  const characters = [...name];
  return characters.length > 16 ? `${characters.slice(0, 15).join('')}…` : name;
}
