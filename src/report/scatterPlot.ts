import { figure } from './figure.js';
import { type Html, html } from './html.js';
import { counted } from './numbers.js';
import { circle, triangle } from './series.js';
import { picture } from './svg.js';
import type { EmbeddingFigure } from './types.js';

const size = 320;
const margin = 16;

/**
 * Embeddings in the plane, a picture for each kind side by side: normal images as blue circles,
 * abnormal ones as red triangles. Each picture has a scale of its own, the same on both axes; the
 * axes mean nothing and have no ticks.
 *
 * @param id Unique in the page
 */
export function scatterPlot(id: string, { title, note, panels }: EmbeddingFigure): Html {
  const pictures = panels.map(
    (panel, index) =>
      html`<div class="panel"><p class="panel-name">${panel.name}</p>${drawPanel(`${id}-${index}`, panel)}</div>`,
  );
  return figure({
    title,
    picture: html`<div class="panels">${pictures}</div>`,
    legend: html`<ul class="legend">${(['normal', 'abnormal'] as const).map(
      (label) =>
        html`<li><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><path class="dots ${label}" d="${shapes[label](7, 7, 4)}"/></svg> <span>${label}</span></li>`,
    )}</ul>`,
    note,
  });
}

const shapes = { normal: circle, abnormal: triangle };

function drawPanel(id: string, { name, points }: EmbeddingFigure['panels'][number]): Html {
  const place = scaleOf(points);
  const radius = points.length > 600 ? 2 : 3;
  const marks = (['normal', 'abnormal'] as const).map((label) => {
    const path = points
      .filter((point) => point.label === label)
      .map((point) => shapes[label](...place(point), radius))
      .join('');
    return html`<path class="dots ${label}" d="${path}"/>`;
  });
  const count = (label: string) => points.filter((point) => point.label === label).length;
  const description = `${counted(count('normal'), 'normal image')} and ${counted(count('abnormal'), 'abnormal image')} in the plane.`;
  return picture(
    id,
    { width: size, height: size },
    name,
    description,
    html`<rect class="frame" x="0.5" y="0.5" width="${size - 1}" height="${size - 1}"/>${marks}`,
  );
}

/** Fits all points into the square, with the same scale on both axes. */
function scaleOf(points: readonly { readonly x: number; readonly y: number }[]) {
  const range = (values: readonly number[]) => {
    const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    return { middle: (low + high) / 2, length: high - low };
  };
  const x = range(points.map((point) => point.x));
  const y = range(points.map((point) => point.y));
  const scale = (size - 2 * margin) / (Math.max(x.length, y.length) || 1);
  return (point: { readonly x: number; readonly y: number }): [number, number] => [
    size / 2 + (point.x - x.middle) * scale,
    size / 2 - (point.y - y.middle) * scale,
  ];
}
