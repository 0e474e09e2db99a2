import type { DataCheck, SplitCounts } from './check.js';
import type { LayoutName } from './layout.js';
import { inPixels } from './mask.js';

const LAYOUTS: Readonly<Record<LayoutName, string>> = {
  benchmark: 'the benchmark, {train,valid,test}/{good,Ungood}/{img,anomaly_mask}',
  mvtec: 'MVTec-style, {train,test}/{good,DEFECT} with masks in ground_truth/DEFECT',
  meta: 'a meta.json with a list of images',
  manifest: 'a manifest, a table with one image a line',
  plain: 'plain folders, normal/ and abnormal/ or the names of diseases',
  folders: 'folders given one by one',
  images: 'images without labels',
};

/** How many items of a finding are written out. */
const SHOWN = 5;

/** A check as text of a few lines, without colour. */
export function describeDataCheck(check: DataCheck): string {
  const { layout } = check;
  if (layout === null || !check.usable) {
    const advice = check.suggestion === null ? [] : [check.suggestion];
    const reason = check.reason ?? 'It cannot be used.';
    return [`${check.path}: not usable`, reason, ...advice, ...findingLines(check)].join('\n');
  }
  return [
    `${check.name}: usable`,
    `Read as ${LAYOUTS[layout]}.`,
    '',
    ...countLines(check.counts),
    '',
    ...sizeLines(check),
    patientLine(check.patients),
    useLine(check.uses),
    ...findingLines(check),
    ...(check.suggestion === null ? [] : ['', check.suggestion]),
  ].join('\n');
}

function countLines(counts: readonly SplitCounts[]): string[] {
  const columns = ['normal', 'abnormal', 'unlabelled', 'masks'] as const;
  const rows = counts.map((count) => [
    count.split ?? 'no split',
    ...columns.map((column) => String(count[column])),
  ]);
  const table = [['', ...columns], ...rows];
  const widths = [8, ...columns.map(({ length }) => length)].map((least, column) =>
    Math.max(least, ...table.map((row) => row[column]?.length ?? 0)),
  );
  return table.map(([head = '', ...cells]) =>
    [head.padEnd(widths[0] ?? 0), ...cells.map((cell, i) => cell.padStart(widths[i + 1] ?? 0))]
      .join('  ')
      .trimEnd(),
  );
}

function sizeLines({ sizes }: DataCheck): string[] {
  if (sizes === null) return [];
  const { distinct, smallest, largest } = sizes;
  const text =
    distinct === 1
      ? `all ${inPixels(smallest)}`
      : `${distinct} different, from ${inPixels(smallest)} to ${inPixels(largest)}`;
  return [`Sizes: ${text} pixels.`];
}

function patientLine({ source, count }: DataCheck['patients']): string {
  switch (source) {
    case 'given':
      return `Patients: ${count}, as listed.`;
    case 'derived':
      return `Patients: ${count} with several images, guessed from what stands before the last _ of names.`;
    case 'none':
      return 'Patients: not known; intervals will take each image for a patient of its own.';
  }
}

function useLine({ maxShots, evaluate, pixelMetrics }: DataCheck['uses']): string {
  const uses = ['predict'];
  if (maxShots > 0) uses.push(`fit with up to ${maxShots} shots`);
  if (evaluate) uses.push(`evaluate ${pixelMetrics ? 'images and pixels' : 'images'}`);
  return `Good for: ${uses.join(', ')}.`;
}

function findingLines({ findings }: DataCheck): string[] {
  const warningsFirst = findings.toSorted(
    (a, b) => Number(a.severity === 'note') - Number(b.severity === 'note'),
  );
  const lines = warningsFirst.flatMap(({ severity, message, items }) => {
    const more = items.length > SHOWN ? [`and ${items.length - SHOWN} more`] : [];
    const shown = [...items.slice(0, SHOWN), ...more].map((item) => `    ${item}`);
    return [`${severity}: ${message}`, ...shown];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
