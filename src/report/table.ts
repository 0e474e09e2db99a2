import { type CsvCell, encodeCsv } from './csv.js';
import { type Html, html } from './html.js';
import { decimalsOf, formatEstimate, formatPercent, formatSpread, noNumber } from './numbers.js';
import type { MetricCell, ReportTable, TableColumn } from './types.js';

type Cell = ReportTable['rows'][number][number];

/** A table as GitHub's Markdown; metrics in per cent. */
export function tableMarkdown(table: ReportTable): string {
  const best = bestRows(table);
  const decimals = columnDecimals(table);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const header = table.columns.map((column) => markdownText(fullName(column)));
  const rule = table.columns.map(({ kind }) => (kind === 'metric' ? '---:' : '---'));
  const rows = table.rows.map((row, rowIndex) =>
    row.map((cell, column) => {
      if (cell === null) return '';
      if (typeof cell === 'string') return markdownText(cell);
      return metricMarkdown(cell, best[column]?.has(rowIndex) ?? false, decimals[column] as number);
    }),
  );
  const note = table.note ? `\n${markdownText(table.note)}\n` : '';
  return `### ${markdownText(table.title)}\n\n${[header, rule, ...rows].map(line).join('\n')}\n${note}`;
}

function metricMarkdown(cell: MetricCell, best: boolean, decimals: number): string {
  const parts: string[] = [];
  if (cell.estimate) {
    const text = formatEstimate(cell.estimate, decimals);
    parts.push(best ? `**${text}**` : text);
  }
  if (cell.failure) parts.push(`failed: ${markdownText(cell.failure)}`);
  if (isNumber(cell.published)) parts.push(`published ${formatPercent(cell.published, 2)}`);
  return parts.join(' · ') || noNumber;
}

/** Escapes what Markdown or the HTML in it would take as markup, and keeps a cell on its line. */
function markdownText(text: string): string {
  return text.replace(/[\\|`*_[\]<>#~]/g, '\\$&').replace(/\s*[\r\n]+\s*/g, ' ');
}

/**
 * A table as CSV in full precision, 0…1: for every metric column one of values, and where any row
 * has them further ones of the interval, the deviation and the published number.
 */
export function tableCsv(table: ReportTable): string {
  const columns = table.columns.flatMap((column, index) => {
    const name = fullName(column);
    if (column.kind === 'text') return [{ name, index, read: textOf }];
    return metricParts
      .filter(
        ({ suffix, read }) =>
          suffix === '' || table.rows.some((row) => read(row[index] ?? null) !== null),
      )
      .map(({ suffix, read }) => ({ name: name + suffix, index, read }));
  });
  return encodeCsv([
    columns.map(({ name }) => name),
    ...table.rows.map((row) => columns.map(({ index, read }) => read(row[index] ?? null))),
  ]);
}

function textOf(cell: Cell): CsvCell {
  return typeof cell === 'string' ? cell : null;
}

function metricPart(read: (cell: MetricCell) => CsvCell | undefined) {
  return (cell: Cell): CsvCell =>
    cell === null || typeof cell === 'string' ? null : (read(cell) ?? null);
}

const metricParts = [
  { suffix: '', read: metricPart((cell) => cell.estimate?.value) },
  { suffix: ' low', read: metricPart((cell) => cell.estimate?.interval?.[0]) },
  { suffix: ' high', read: metricPart((cell) => cell.estimate?.interval?.[1]) },
  { suffix: ' deviation', read: metricPart((cell) => cell.estimate?.deviation) },
  { suffix: ' seeds', read: metricPart((cell) => cell.estimate?.seeds) },
  { suffix: ' published', read: metricPart((cell) => cell.published) },
  { suffix: ' failure', read: metricPart((cell) => cell.failure) },
];

/** A table of more columns is printed on a page turned on its side. */
const mostUpright = 10;

/** A table as HTML; metrics in per cent, published numbers below. */
export function tableHtml(table: ReportTable): Html {
  const best = bestRows(table);
  const decimals = columnDecimals(table);
  const cell = (value: Cell, column: number, row: number) => {
    if (column === 0) return html`<th scope="row">${typeof value === 'string' && value}</th>`;
    if (value === null || typeof value === 'string') return html`<td>${value}</td>`;
    return html`<td class="number">${metricHtml(value, best[column]?.has(row) ?? false, decimals[column] as number)}</td>`;
  };
  const width = table.columns.length > mostUpright ? ' wide' : '';
  return html`<div class="scroll${width}" tabindex="0" role="region" aria-label="${table.title}"><table><caption>${table.title}</caption><thead>${headerRows(table.columns)}</thead><tbody>${table.rows.map(
    (row, rowIndex) => html`<tr>${row.map((value, column) => cell(value, column, rowIndex))}</tr>`,
  )}</tbody></table></div>${table.note && html`<p class="note">${table.note}</p>`}
`;
}

function metricHtml(cell: MetricCell, best: boolean, decimals: number): Html {
  const { estimate, published, failure } = cell;
  const value = estimate && formatPercent(estimate.value, decimals);
  return html`${value && (best ? html`<strong>${value}</strong>` : value)}${
    estimate &&
    formatSpread(estimate, decimals) &&
    html` <span class="spread">${formatSpread(estimate, decimals)}</span>`
  }${failure && html`<span class="failure">failed: ${failure}</span>`}${
    isNumber(published) &&
    html`<span class="published">published ${formatPercent(published, 2)}</span>`
  }${!estimate && !failure && !isNumber(published) && noNumber}`;
}

function headerRows(columns: readonly TableColumn[]): Html {
  const head = (name: string, attributes: Html) => html`<th scope="col"${attributes}>${name}</th>`;
  if (columns.every(({ group }) => group === undefined)) {
    return html`<tr>${columns.map(({ name, kind }) => head(name, classOf(kind)))}</tr>`;
  }
  const upper: Html[] = [];
  for (let index = 0; index < columns.length; ) {
    const { group, name } = columns[index] as TableColumn;
    if (group === undefined) {
      upper.push(head(name, html` rowspan="2"`));
      index++;
      continue;
    }
    let end = index + 1;
    while (columns[end]?.group === group) end++;
    upper.push(html`<th scope="colgroup" class="group" colspan="${end - index}">${group}</th>`);
    index = end;
  }
  const lower = columns.filter(({ group }) => group !== undefined);
  return html`<tr>${upper}</tr><tr>${lower.map(({ name, kind }) => head(name, classOf(kind)))}</tr>`;
}

function classOf(kind: TableColumn['kind']): Html {
  return kind === 'metric' ? html` class="number"` : html``;
}

function fullName({ group, name }: TableColumn): string {
  return group === undefined ? name : `${group} ${name}`;
}

/** The same number of decimals down a column: what the least certain of its numbers is worth. */
function columnDecimals(table: ReportTable): readonly number[] {
  return table.columns.map((_, column) =>
    Math.min(
      2,
      ...table.rows.flatMap((row) => {
        const cell = row[column];
        return cell && typeof cell !== 'string' && cell.estimate ? [decimalsOf(cell.estimate)] : [];
      }),
    ),
  );
}

/** For each column the rows that hold its largest measured value, where the table wants them. */
function bestRows(table: ReportTable): readonly ReadonlySet<number>[] {
  return table.columns.map((_, column) => {
    const values = table.rows.map((row) => {
      const cell = row[column];
      return cell && typeof cell !== 'string' ? cell.estimate?.value : undefined;
    });
    const known = values.filter((value) => value !== undefined);
    if (!table.markBest || known.length < 2) return new Set<number>();
    const largest = Math.max(...known);
    return new Set(values.flatMap((value, row) => (value === largest ? [row] : [])));
  });
}

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}
