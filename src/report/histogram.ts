import { figure } from './figure.js';
import { type ScoreBin, scoreBins } from './histogramBins.js';
import { type Html, html } from './html.js';
import { formatScore } from './numbers.js';
import { coordinate, makePlot, type Plot, picture, roundTicks } from './svg.js';
import type { ScoredImage } from './types.js';

const frame = { width: 420, height: 400, left: 58, right: 16, top: 28, bottom: 52 };

/**
 * How the scores spread: abnormal images upwards, normal ones downwards, in the same bins. Where
 * there is a threshold it is the edge of two bins, and the bars of images on its wrong side are
 * hatched.
 *
 * @param id Unique in the page
 */
export function histogram(
  id: string,
  title: string,
  images: readonly ScoredImage[],
  threshold: number | null,
): Html {
  const bins = scoreBins(images, threshold);
  const plot = plotOf(bins);
  const bars = bins.flatMap((bin) =>
    (['abnormal', 'normal'] as const).map((label) => {
      const wrongSide = threshold !== null && (label === 'normal') === bin.index >= 0;
      return bar(plot, bin, label, wrongSide ? `url(#${id}-hatch)` : undefined);
    }),
  );
  const right = frame.width - frame.right;
  const bottom = frame.height - frame.bottom;
  const zero = coordinate(plot.y(0));
  const content = html`<defs><pattern id="${id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>${plot.axes}${bars}<line class="zero" x1="${frame.left}" y1="${zero}" x2="${right}" y2="${zero}"/><text class="halo" x="${frame.left + 8}" y="${frame.top + 18}">↑ abnormal</text><text class="halo" x="${right - 8}" y="${bottom - 8}" text-anchor="end">↓ normal</text>${
    threshold !== null && thresholdLine(plot, threshold)
  }`;
  return figure({
    title,
    picture: picture(id, frame, title, describe(images, threshold), content),
    note: threshold === null ? undefined : 'Hatched: images on the wrong side of the threshold.',
    data: {
      header: ['Score', 'Normal', 'Abnormal'],
      rows: bins
        .filter(({ normal, abnormal }) => normal + abnormal > 0)
        .map(({ from, to, normal, abnormal }) => [
          `${formatScore(from)} to ${formatScore(to)}`,
          normal,
          abnormal,
        ]),
    },
  });
}

function plotOf(bins: readonly ScoreBin[]): Plot {
  const min = (bins[0] as ScoreBin).from;
  const max = (bins.at(-1) as ScoreBin).to;
  const scoreTicks = roundTicks(min, max, 5);
  const decimals = Math.max(1, ...scoreTicks.map((tick) => `${tick}`.split('.')[1]?.length ?? 0));
  const highest = Math.max(1, ...bins.map(({ normal, abnormal }) => Math.max(normal, abnormal)));
  const countTicks = roundTicks(0, highest, 3).filter(Number.isInteger);
  return makePlot(
    frame,
    {
      label: 'Anomaly score',
      min,
      max,
      ticks: scoreTicks,
      format: (value) => value.toFixed(decimals),
    },
    {
      label: 'Images',
      min: -highest * 1.12,
      max: highest * 1.12,
      ticks: [...new Set(countTicks.flatMap((tick) => [-tick || 0, tick]))],
      format: (value) => `${Math.abs(value)}`,
    },
  );
}

/** The bar of one label in one bin, with a pattern over it where it is on the wrong side. */
function bar(
  plot: Plot,
  bin: ScoreBin,
  label: 'normal' | 'abnormal',
  pattern: string | undefined,
): Html | null {
  if (bin[label] === 0) return null;
  const left = plot.x(bin.from) + 0.75;
  const end = plot.y(label === 'abnormal' ? bin[label] : -bin[label]);
  const zero = plot.y(0);
  const box = html`x="${coordinate(left)}" y="${coordinate(Math.min(zero, end))}" width="${coordinate(plot.x(bin.to) - 0.75 - left)}" height="${coordinate(Math.abs(end - zero))}"`;
  return html`<rect class="bar ${label}" ${box}/>${pattern && html`<rect fill="${pattern}" ${box}/>`}`;
}

function thresholdLine(plot: Plot, threshold: number): Html {
  const at = plot.x(threshold);
  const labelAt = Math.min(frame.width - frame.right - 42, Math.max(frame.left + 42, at));
  return html`<line class="threshold" x1="${coordinate(at)}" y1="${frame.top - 6}" x2="${coordinate(at)}" y2="${frame.height - frame.bottom}"/><text class="axis-name" x="${coordinate(labelAt)}" y="${frame.top - 12}" text-anchor="middle">threshold ${formatScore(threshold)}</text>`;
}

function describe(images: readonly ScoredImage[], threshold: number | null): string {
  const middle = (label: ScoredImage['label']) => {
    const scores = images
      .filter((image) => image.label === label)
      .map(({ score }) => score)
      .sort((a, b) => a - b);
    const median = scores[Math.floor(scores.length / 2)];
    return median === undefined ? `no ${label} image` : `${label} median ${formatScore(median)}`;
  };
  const at = threshold === null ? '' : `; threshold ${formatScore(threshold)}`;
  return `Scores: ${middle('normal')}, ${middle('abnormal')}${at}.`;
}
