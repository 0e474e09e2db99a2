import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readManifest } from './manifest.js';
import { readMeta } from './meta.js';
import { parseCsv } from './table.js';

describe('readManifest', () => {
  it('reads every column, in any order and case', () => {
    const text =
      'Label,Path,mask,Patient,split,class\n1,a b.png,m/a.png,p1,test,cyst\n0,ü.png,,,,\n';
    expect(readManifest(text, 'manifest.csv').samples).toEqual([
      {
        image: 'a b.png',
        label: 1,
        mask: 'm/a.png',
        patient: 'p1',
        split: 'test',
        className: 'cyst',
      },
      { image: 'ü.png', label: 0, mask: null, patient: null, split: null, className: null },
    ]);
  });

  it('reads what peers write', () => {
    const text =
      '{"image_path": "a.png", "label": 1, "class_name": "brain", "mask_path": "m.png"}\n\n' +
      '{"image_path": "b.png", "label": 0.0, "class_name": "brain", "mask_path": null}\r\n';
    expect(readManifest(text, 'x.jsonl').samples).toMatchObject([
      { image: 'a.png', label: 1, mask: 'm.png', className: 'brain' },
      { image: 'b.png', label: 0, mask: null, className: 'brain' },
    ]);
  });

  it.each([
    ['0', 0],
    ['1', 1],
    ['normal', 0],
    ['Ungood', 1],
    ['FALSE', 0],
    ['True', 1],
    ['', null],
  ])('takes the label "%s" for %s', (label, expected) => {
    const text = `path,label\na.png,${label}\n`;
    expect(readManifest(text, 'm.csv').samples[0]?.label).toBe(expected);
  });

  it.each([
    ['path,label\na.png,0\nb.png,maybe\n', /m\.csv, line 3: label "maybe", expected 0, 1/],
    ['path,split\na.png,dev\n', /line 2: split "dev", expected train, valid, test/],
    ['picture,label\na.png,1\n', /line 2: the image's path is missing/],
    ['path,label\na.png,0\n\na.png,1\n', /line 4: a\.png is in line 2 already/],
    ['path,label\na.png,0,9\n', /line 2: 3 fields where the first line names 2/],
    ['path,label\n"a.png,0\n', /line 2: a quote is not closed/],
  ])('says what is wrong with %j', (text, says) => {
    expect(() => readManifest(text, 'm.csv')).toThrow(says);
  });

  it.each(['{"path": "a.png"', '["a.png"]', '{"path": ["a.png"]}'])(
    'refuses the line %s',
    (line) => {
      expect(() => readManifest(`{"path": "b.png"}\n${line}`, 'm.jsonl')).toThrow(
        /m\.jsonl, line 2/,
      );
    },
  );
});

describe('parseCsv', () => {
  it.each([',', ';', '\t'])('reads back whatever was quoted (%j)', (separator) => {
    const value = fc.string({ unit: 'grapheme', maxLength: 6 });
    const tricky = fc.oneof(value, fc.constantFrom('a"b', 'a,b', 'a;b', 'line\nline', ' x ', '"'));
    fc.assert(
      fc.property(fc.array(fc.tuple(tricky, tricky), { maxLength: 5 }), (rows) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const body = rows.map((row) => row.map(quote).join(separator));
        const text = [`left${separator}right`, ...body].join('\r\n');
        const read = parseCsv(text, 'x').map(({ values }) => [values.left, values.right]);
        expect(read).toEqual(rows.filter(([a, b]) => a !== '' || b !== ''));
      }),
    );
  });

  it('counts lines through quoted line ends, and skips empty ones', () => {
    const rows = parseCsv('\uFEFFa,b\n"1\n2",3\n\n4 , 5\n6', 'x');
    expect(rows).toEqual([
      { line: 2, values: { a: '1\n2', b: '3' } },
      { line: 5, values: { a: '4', b: '5' } },
      { line: 6, values: { a: '6', b: '' } },
    ]);
  });
});

describe('readMeta', () => {
  const entry = {
    img_path: 'a.png',
    mask_path: '',
    cls_name: 'brain',
    specie_name: 'x',
    anomaly: 1,
  };

  it('reads what CLIP-based peers keep', () => {
    const text = JSON.stringify({
      train: {},
      test: { brain: [entry, { img_path: 'b.png', mask_path: 'm.png', anomaly: 0 }] },
    });
    expect(readMeta(text)?.samples).toEqual([
      { image: 'a.png', label: 1, mask: null, split: 'test', patient: null, className: 'brain' },
      { image: 'b.png', label: 0, mask: 'm.png', split: 'test', patient: null, className: 'brain' },
    ]);
  });

  it.each(['not JSON', '{}', '{"name": "x"}', JSON.stringify({ other: { brain: [entry] } })])(
    'leaves other files of the name alone: %s',
    (text) => {
      expect(readMeta(text)).toBeNull();
    },
  );
});
