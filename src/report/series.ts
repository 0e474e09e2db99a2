import { type Html, html } from './html.js';
import { coordinate } from './svg.js';

/** How many colours and marks there are before they repeat. */
export const seriesCount = 6;

/**
 * The class of the series at `index`: the style sheet gives it a colour that is distinct with any
 * colour vision; marks and dashes tell series apart without colour.
 */
export function seriesClass(index: number): string {
  return `series series-${(index % seriesCount) + 1}`;
}

/** The mark of the series at `index` around (`x`, `y`). */
export function seriesMark(index: number, x: number, y: number, radius = 4.5): Html {
  const shapes = [circle, square, triangle, diamond, cross, downTriangle];
  const shape = shapes[index % shapes.length] as typeof circle;
  return html`<path class="mark" d="${shape(x, y, radius)}"/>`;
}

type Shape = (x: number, y: number, radius: number) => string;

/** Path data of a circle, also for many circles in one path. */
export const circle: Shape = (x, y, radius) =>
  `M${coordinate(x - radius)} ${coordinate(y)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;

/** Path data of a triangle that points up. */
export const triangle: Shape = (x, y, radius) =>
  polygon(x, y, [
    [0, -1.2 * radius],
    [1.1 * radius, 0.8 * radius],
    [-1.1 * radius, 0.8 * radius],
  ]);

const downTriangle: Shape = (x, y, radius) =>
  polygon(x, y, [
    [0, 1.2 * radius],
    [1.1 * radius, -0.8 * radius],
    [-1.1 * radius, -0.8 * radius],
  ]);

const square: Shape = (x, y, radius) => {
  const half = 0.88 * radius;
  return polygon(x, y, [
    [-half, -half],
    [half, -half],
    [half, half],
    [-half, half],
  ]);
};

const diamond: Shape = (x, y, radius) =>
  polygon(x, y, [
    [0, -1.25 * radius],
    [1.25 * radius, 0],
    [0, 1.25 * radius],
    [-1.25 * radius, 0],
  ]);

const cross: Shape = (x, y, radius) => {
  const long = 1.2 * radius;
  const short = 0.4 * radius;
  return polygon(x, y, [
    [-short, -long],
    [short, -long],
    [short, -short],
    [long, -short],
    [long, short],
    [short, short],
    [short, long],
    [-short, long],
    [-short, short],
    [-long, short],
    [-long, -short],
    [-short, -short],
  ]);
};

function polygon(x: number, y: number, corners: readonly (readonly [number, number])[]): string {
  const points = corners.map(([dx, dy]) => `${coordinate(x + dx)} ${coordinate(y + dy)}`);
  return `M${points.join('L')}Z`;
}

/** Which colour and mark a method has; the same in all figures of a page. */
export type StyleOf = (method: string) => number;

/** Styles of `methods`, in their order. */
export function methodStyles(methods: readonly string[]): StyleOf {
  const order = [...new Set(methods)];
  return (method) => Math.max(0, order.indexOf(method));
}

/** One line of a legend. */
export interface LegendEntry {
  /** Colour and mark, see {@link seriesClass}. */
  readonly style: number;
  readonly name: string;
  /** More about it, such as the area under its curve. */
  readonly detail?: string;
  readonly dashed?: boolean;
}

/** A legend of lines, with their marks where the figure has them. */
export function seriesLegend(entries: readonly LegendEntry[], marks = true): Html {
  return html`<ul class="legend">${entries.map(
    ({ style, name, detail, dashed }) =>
      html`<li class="${seriesClass(style)}"><svg viewBox="0 0 30 14" width="30" height="14" aria-hidden="true"><path class="line${dashed ? ' dashed' : ''}" d="M1 7H29"/>${marks && seriesMark(style, 15, 7, 4)}</svg> <span>${name}${detail && html` <span class="quiet">${detail}</span>`}</span></li>`,
  )}</ul>`;
}
