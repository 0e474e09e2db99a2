import { describe, expect, it } from 'vitest';
import { tableCsv, tableHtml, tableMarkdown } from './table.js';
import type { ReportTable } from './types.js';

const table: ReportTable = {
  title: 'Table <1>',
  note: 'In %.',
  markBest: true,
  columns: [
    { name: 'Method', kind: 'text' },
    { name: 'AC', group: 'Brain', kind: 'metric' },
    { name: 'AS', group: 'Brain', kind: 'metric' },
    { name: 'AC', group: 'HIS', kind: 'metric' },
  ],
  rows: [
    [
      'iqe-clip',
      { estimate: { value: 0.93354, interval: [0.931, 0.936] }, published: 0.9335 },
      { estimate: { value: 0.5, deviation: 0.02, seeds: 3 } },
      { published: 0.8346 },
    ],
    [
      'a|b, "c"',
      { estimate: { value: 0.8, interval: [0.7, 0.9] } },
      { failure: 'no <masks>' },
      null,
    ],
  ],
};

describe('tableMarkdown', () => {
  it('is one line a row, with the same decimals down a column', () => {
    expect(tableMarkdown(table)).toBe(`### Table \\<1\\>

| Method | Brain AC | Brain AS | HIS AC |
| --- | ---: | ---: | ---: |
| iqe-clip | **93.4 (93.1–93.6)** · published 93.35 | 50.0 ± 2.0 | published 83.46 |
| a\\|b, "c" | 80.0 (70.0–90.0) | failed: no \\<masks\\> |  |

In %.
`);
  });
});

describe('tableCsv', () => {
  it('has every number in full, in columns of its own', () => {
    expect(tableCsv(table).split('\r\n')).toEqual([
      'Method,Brain AC,Brain AC low,Brain AC high,Brain AC published,Brain AS,Brain AS deviation,Brain AS seeds,Brain AS failure,HIS AC,HIS AC published',
      'iqe-clip,0.93354,0.931,0.936,0.9335,0.5,0.02,3,,,0.8346',
      '"a|b, ""c""",0.8,0.7,0.9,,,,,no <masks>,,',
      '',
    ]);
  });
});

describe('tableHtml', () => {
  const text = tableHtml(table).text;

  it('names rows, columns and groups for screen readers', () => {
    expect(text).toContain('<caption>Table &lt;1&gt;</caption>');
    expect(text).toContain('<th scope="colgroup" class="group" colspan="2">Brain</th>');
    expect(text).toContain('<th scope="col" rowspan="2">Method</th>');
    expect(text.match(/<th scope="row">/g)).toHaveLength(2);
  });

  it('marks the best, shows published numbers and failures', () => {
    expect(text).toContain('<strong>93.4</strong>');
    expect(text).not.toContain('<strong>50.0</strong>');
    expect(text).toContain('published 83.46');
    expect(text).toContain('failed: no &lt;masks&gt;');
    expect(tableHtml({ ...table, markBest: false }).text).not.toContain('<strong>');
  });
});
