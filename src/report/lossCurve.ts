import { figure } from './figure.js';
import { type Html, html } from './html.js';
import { seriesClass } from './series.js';
import { linePath, makePlot, picture, roundTicks } from './svg.js';
import type { LossFigure } from './types.js';

const frame = { width: 420, height: 300, left: 58, right: 16, top: 14, bottom: 52 };

/**
 * The mean loss of each epoch.
 *
 * @param id Unique in the page
 */
export function lossCurve(id: string, { title, losses }: LossFigure): Html {
  const last = losses.length - 1;
  const lowest = Math.min(...losses);
  const highest = Math.max(...losses);
  const margin = (highest - lowest) * 0.05 || Math.abs(highest) * 0.05 || 0.1;
  const range = { min: lowest - margin, max: highest + margin };
  const plot = makePlot(
    frame,
    {
      label: 'Epoch',
      min: 1,
      max: Math.max(2, losses.length),
      ticks: roundTicks(1, Math.max(2, losses.length), 6).filter(Number.isInteger),
      format: (epoch) => `${epoch}`,
    },
    {
      label: 'Mean loss',
      ...range,
      ticks: roundTicks(range.min, range.max, 5),
      format: (loss) => `${loss}`,
    },
  );
  const points = losses.map((loss, index) => [plot.x(index + 1), plot.y(loss)] as const);
  const description = `From ${losses[0]?.toFixed(3)} in the first epoch to ${losses[last]?.toFixed(3)} in the last.`;
  return figure({
    title,
    picture: picture(
      id,
      frame,
      title,
      description,
      html`${plot.axes}<g class="${seriesClass(0)}"><path class="line" d="${linePath(points)}"/></g>`,
    ),
    data: {
      header: ['Epoch', 'Mean loss'],
      rows: losses.map((loss, index) => [index + 1, loss.toFixed(4)]),
    },
  });
}
