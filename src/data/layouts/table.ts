import { IqeError } from '../../base/errors.js';

/** One row of a table: its line in the file (from 1) and its values by column. */
export interface Row {
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * The rows of a CSV text by the columns of its first line. Fields may be quoted as RFC 4180 has it;
 * the separator is the comma, semicolon or tab that the first line has most of; a byte-order mark,
 * either line end, spaces around fields and empty lines are fine.
 *
 * @throws {IqeError} `data` where a quote is not closed or a row has more fields than columns.
 */
export function parseCsv(text: string, name: string): Row[] {
  const records = splitRecords(text.replace(/^\uFEFF/, ''), name);
  const columns = records.shift()?.fields ?? [];
  return records.map(({ line, fields }) => {
    if (fields.length > columns.length) {
      throw new IqeError(
        'data',
        `${name}, line ${line}: ${fields.length} fields where the first line names ${columns.length}.`,
        { hint: 'Quote fields that contain the separator.' },
      );
    }
    const values = columns.map((column, index) => [column, fields[index] ?? ''] as const);
    return { line, values: Object.fromEntries(values) };
  });
}

/**
 * The rows of a text with one JSON object a line. Values become text; null becomes ''.
 *
 * @throws {IqeError} `data` where a line is no JSON object of plain values.
 */
export function parseJsonLines(text: string, name: string): Row[] {
  const rows: Row[] = [];
  for (const [index, content] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (content.trim() === '') continue;
    const parsed = parseJson(content);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    const entries = isObject ? Object.entries(parsed) : [];
    if (!isObject || entries.some(([, value]) => typeof value === 'object' && value !== null)) {
      throw new IqeError(
        'data',
        `${name}, line ${index + 1}: expected a JSON object of plain values.`,
        {
          hint: 'One image a line, such as {"path": "a.png", "label": 0}.',
        },
      );
    }
    const values = entries.map(([key, value]) => [key, String(value ?? '')] as const);
    rows.push({ line: index + 1, values: Object.fromEntries(values) });
  }
  return rows;
}

/** The value of a JSON text, undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function splitRecords(text: string, name: string): { line: number; fields: string[] }[] {
  const separator = likeliestSeparator(text);
  const records: { line: number; fields: string[] }[] = [];
  let fields: string[] = [];
  let line = 1;
  let start = 1;
  // A field, quoted or not, and what ends it. Sticky: each match starts where the last one ended.
  const field = new RegExp(
    `[ ]*(?:"((?:[^"]|"")*)"[ ]*|(?![ ]*")([^${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`,
    'y',
  );
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) {
      throw new IqeError(
        'data',
        `${name}, line ${start}: a quote is not closed, or text follows it.`,
        {
          hint: 'Write "" for a quote within a quoted field.',
        },
      );
    }
    const [whole, quoted, plain = '', end = ''] = match;
    fields.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    line += whole.split('\n').length - 1;
    if (end === separator && field.lastIndex < text.length) continue;
    if (fields.some((value) => value !== '')) records.push({ line: start, fields });
    fields = [];
    start = line;
  }
  return records;
}

function likeliestSeparator(text: string): string {
  const header = text.split('\n', 1)[0] ?? '';
  const counts = [',', ';', '\t'].map((separator) => header.split(separator).length);
  return [',', ';', '\t'][counts.indexOf(Math.max(...counts))] as string;
}
