import { type Html, html } from './html.js';
import { formatPercent, noNumber } from './numbers.js';
import { seriesClass } from './series.js';
import { type Axis, bandPath, coordinate, linePath, makePlot, type Plot } from './svg.js';
import type { Curve } from './types.js';

/** A curve of one method, and the point of it that the threshold stands for. */
export interface CurveSeries {
  /** Colour, see `seriesClass`. */
  readonly style: number;
  readonly name: string;
  /** The area under the curve, as text. */
  readonly summary: string;
  readonly curve: Curve;
  readonly operatingPoint?: { readonly x: number; readonly y: number } | undefined;
}

const frame = { width: 420, height: 400, left: 58, right: 16, top: 14, bottom: 52 };

/** The square of a plot of rates, 0…1 on both axes. */
export function unitPlot(xLabel: string, yLabel: string): Plot {
  const axis = (label: string): Axis => ({
    label,
    min: 0,
    max: 1,
    ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    format: (value) => value.toFixed(1),
  });
  return makePlot(frame, axis(xLabel), axis(yLabel));
}

/** Bands below lines below operating points, so that no band hides a line. */
export function drawCurves(plot: Plot, series: readonly CurveSeries[]): Html {
  const curves = series.map(({ curve, style }) => ({ ...thinned(curve), style }));
  const bands = curves.map(({ x, low, high, style }) => {
    if (!low || !high) return null;
    const edge = (ys: readonly number[]) =>
      ys.map((value, at) => [plot.x(x[at] as number), plot.y(value)] as const);
    return html`<path class="${seriesClass(style)} band" d="${bandPath(edge(low), edge(high))}"/>`;
  });
  const lines = curves.map(({ x, y, style }) => {
    const points = y.map((value, at) => [plot.x(x[at] as number), plot.y(value)] as const);
    return html`<path class="${seriesClass(style)} line" d="${linePath(points)}"/>`;
  });
  const operatingPoints = series.map(({ operatingPoint, style }) => {
    if (!operatingPoint) return null;
    const x = coordinate(plot.x(operatingPoint.x));
    const y = coordinate(plot.y(operatingPoint.y));
    return html`<circle class="${seriesClass(style)} point" cx="${x}" cy="${y}" r="5"/>`;
  });
  return html`${plot.axes}${bands}${lines}${operatingPoints}`;
}

/** A curve with the points left out that nobody could see: nearer than 1/400 to the one before. */
export function thinned(curve: Curve): Curve {
  const { x, y, low, high } = curve;
  const kept: number[] = [];
  for (let index = 0; index < x.length; index++) {
    const before = kept.at(-1);
    const far =
      before === undefined ||
      [x, y, low, high].some(
        (list) => list && Math.abs((list[index] as number) - (list[before] as number)) >= 1 / 400,
      );
    if (far || index === x.length - 1) kept.push(index);
  }
  const pick = (list: readonly number[]) => kept.map((index) => list[index] as number);
  return {
    x: pick(x),
    y: pick(y),
    ...(low ? { low: pick(low) } : {}),
    ...(high ? { high: pick(high) } : {}),
  };
}

/** Rows of the numbers behind curves: y of every series, in per cent, at some x. */
export function curveRows(series: readonly CurveSeries[], at: readonly number[]) {
  return at.map((x) => [
    formatPercent(x, 0),
    ...series.map(({ curve }) => {
      const y = valueAt(curve, x);
      return y === undefined ? noNumber : formatPercent(y, 1);
    }),
  ]);
}

/** y of a curve at `x`, linear between its points; the best of several points at the same x. */
function valueAt({ x: xs, y: ys }: Curve, x: number): number | undefined {
  let best: number | undefined;
  for (let index = 0; index < xs.length; index++) {
    const x1 = xs[index] as number;
    const y1 = ys[index] as number;
    if (x1 === x) best = Math.max(best ?? 0, y1);
    const x0 = xs[index - 1];
    if (best === undefined && x0 !== undefined && (x0 - x) * (x1 - x) < 0) {
      const y0 = ys[index - 1] as number;
      best = y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
    }
  }
  return best;
}
