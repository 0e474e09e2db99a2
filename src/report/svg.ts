import { type Html, html } from './html.js';

/** The plotting area within a picture, in the picture's own units. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** One axis: its name, its range and where its ticks are. */
export interface Axis {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  format(value: number): string;
}

/** Positions in a picture of values on two axes. */
export interface Plot {
  readonly frame: Frame;
  x(value: number): number;
  y(value: number): number;
  /** Grid, ticks and names of the axes. */
  readonly axes: Html;
}

/** A coordinate in as few characters as can be seen. */
export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Round numbers from `min` to `max`, about `count` of them, in steps of 1, 2 or 5 · 10ⁿ. */
export function roundTicks(min: number, max: number, count: number): number[] {
  const rough = (max - min) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) as number);
  const ticks: number[] = [];
  for (let index = Math.ceil(min / step - 1e-9); index * step <= max + step * 1e-9; index++) {
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

/** Axes of a plot, with light grid lines at the ticks. */
export function makePlot(frame: Frame, xAxis: Axis, yAxis: Axis): Plot {
  const right = frame.width - frame.right;
  const bottom = frame.height - frame.bottom;
  const x = (value: number) =>
    frame.left + ((value - xAxis.min) / (xAxis.max - xAxis.min)) * (right - frame.left);
  const y = (value: number) =>
    bottom - ((value - yAxis.min) / (yAxis.max - yAxis.min)) * (bottom - frame.top);
  const middle = (frame.top + bottom) / 2;
  const axes = html`<g class="axes">${xAxis.ticks.map((tick) => {
    const at = coordinate(x(tick));
    return html`<line class="grid" x1="${at}" y1="${frame.top}" x2="${at}" y2="${bottom}"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${xAxis.format(tick)}</text>`;
  })}${yAxis.ticks.map((tick) => {
    const at = coordinate(y(tick));
    return html`<line class="grid" x1="${frame.left}" y1="${at}" x2="${right}" y2="${at}"/><text x="${frame.left - 8}" y="${at}" dy="0.32em" text-anchor="end">${yAxis.format(tick)}</text>`;
  })}<rect class="frame" x="${frame.left}" y="${frame.top}" width="${coordinate(right - frame.left)}" height="${coordinate(bottom - frame.top)}"/><text class="axis-name" x="${(frame.left + right) / 2}" y="${bottom + 38}" text-anchor="middle">${xAxis.label}</text><text class="axis-name" transform="translate(${frame.left - 40} ${middle}) rotate(-90)" text-anchor="middle">${yAxis.label}</text></g>`;
  return { frame, x, y, axes };
}

/** Path data of a line through points. */
export function linePath(points: readonly (readonly [x: number, y: number])[]): string {
  return points
    .map(([x, y], index) => `${index ? 'L' : 'M'}${coordinate(x)} ${coordinate(y)}`)
    .join('');
}

/** Path data of the area between two lines over the same x. */
export function bandPath(
  low: readonly (readonly [x: number, y: number])[],
  high: readonly (readonly [x: number, y: number])[],
): string {
  return `${linePath([...low, ...[...high].reverse()])}Z`;
}

/** A picture with a name and a description for those who cannot see it. */
export function picture(
  id: string,
  size: { readonly width: number; readonly height: number },
  title: string,
  description: string,
  content: Html,
): Html {
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${id}-title ${id}-text"><title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>${content}</svg>`;
}
