import { IqeError } from '../../base/errors.js';
import { labelNamed, splitNamed } from './names.js';
import type { FoundSample, Reading } from './reading.js';
import { parseCsv, parseJsonLines, type Row } from './table.js';

/** What a column may be called; letters count in either case. */
const COLUMNS = {
  path: ['path', 'image', 'image_path', 'img_path', 'file', 'filename', 'file_name'],
  label: ['label', 'anomaly', 'abnormal', 'target'],
  mask: ['mask', 'mask_path'],
  patient: ['patient', 'patient_id', 'subject', 'subject_id'],
  split: ['split'],
  className: ['class', 'class_name', 'cls_name'],
} as const;

type Column = keyof typeof COLUMNS;

/**
 * Reads a table with one image a row: a CSV file, or JSON objects line by line. Columns are `path`,
 * and as far as known `label` (0, 1, `normal`, `abnormal`, …), `mask`, `patient`, `split`, `class`;
 * `COLUMNS` has the other names that they may have. Paths are relative to the file's own folder.
 *
 * @param name The file's name; `.jsonl` tells the format.
 * @throws {IqeError} `data` with the line, where a value is none that the column can have, an image
 *   comes twice, or there is no column of paths.
 */
export function readManifest(text: string, name: string): Reading {
  const rows = name.toLowerCase().endsWith('.jsonl')
    ? parseJsonLines(text, name)
    : parseCsv(text, name);
  const samples: FoundSample[] = [];
  const lineOf = new Map<string, number>();
  for (const row of rows) {
    const sample = toSample(row, name);
    const before = lineOf.get(sample.image);
    if (before !== undefined) {
      throw new IqeError(
        'data',
        `${name}, line ${row.line}: ${sample.image} is in line ${before} already.`,
        { hint: 'Keep one line per image.' },
      );
    }
    lineOf.set(sample.image, row.line);
    samples.push(sample);
  }
  return { layout: 'manifest', samples, problems: [] };
}

function toSample(row: Row, name: string): FoundSample {
  const value = valuesOf(row);
  if (value.path === '') {
    throw new IqeError('data', `${name}, line ${row.line}: the image's path is missing.`, {
      hint: `Expected is a column named ${COLUMNS.path.join(', ')}.`,
    });
  }
  return {
    image: value.path.replaceAll('\\', '/').replace(/^\.\//, ''),
    label: known(row, name, 'label', value.label, parseLabel),
    mask: value.mask === '' ? null : value.mask.replaceAll('\\', '/').replace(/^\.\//, ''),
    split: known(row, name, 'split', value.split, splitNamed),
    patient: value.patient === '' ? null : value.patient,
    className: value.className === '' ? null : value.className,
  };
}

function valuesOf({ values }: Row): Record<Column, string> {
  const byName = new Map(
    Object.entries(values).map(([key, value]) => [key.trim().toLowerCase(), value]),
  );
  const value = (column: Column) =>
    COLUMNS[column].map((alias) => byName.get(alias)).find((found) => found !== undefined) ?? '';
  return {
    path: value('path'),
    label: value('label'),
    mask: value('mask'),
    patient: value('patient'),
    split: value('split'),
    className: value('className'),
  };
}

function parseLabel(text: string): 0 | 1 | undefined {
  const lower = text.toLowerCase();
  if (lower === '0' || lower === 'false') return 0;
  if (lower === '1' || lower === 'true') return 1;
  return labelNamed(text);
}

/** A value that was given, null where none was. */
function known<T>(
  { line }: Row,
  name: string,
  column: 'label' | 'split',
  text: string,
  parse: (text: string) => T | undefined,
): T | null {
  if (text === '') return null;
  const parsed = parse(text);
  if (parsed !== undefined) return parsed;
  const expected =
    column === 'label' ? '0, 1, normal, abnormal or nothing' : 'train, valid, test or nothing';
  throw new IqeError('data', `${name}, line ${line}: ${column} "${text}", expected ${expected}.`, {
    hint: 'Correct the line.',
  });
}
