import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCsv } from './csv.js';
import {
  type PredictionRecord,
  predictionsCsv,
  predictionsJson,
  volumeRecord,
} from './predictions.js';

/** A plain reader of RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (quoted && character === '"' && text[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (character === '"') quoted = !quoted;
    else if (!quoted && character === ',') {
      row.push(cell);
      cell = '';
    } else if (!quoted && character === '\r' && text[i + 1] === '\n') {
      rows.push([...row, cell]);
      row = [];
      cell = '';
      i++;
    } else cell += character;
  }
  return rows;
}

const record: PredictionRecord = {
  path: 'scans/Müller, "left".png',
  score: 0.1 + 0.2,
  threshold: 0.25,
  label: 'abnormal',
  peak: { x: 3, y: 4 },
  size: [640, 480],
  areaPixels: 12,
  milliseconds: 41.5,
  outputs: { overlay: 'scans/a.overlay.png' },
};

describe('encodeCsv', () => {
  it('gives back any cells', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 })),
        (rows) => {
          expect(parseCsv(encodeCsv(rows))).toEqual(rows);
        },
      ),
      { seed: 1 },
    );
  });
});

describe('predictionsCsv', () => {
  it('has a header, quotes what needs it and keeps every digit', () => {
    const [header, row] = parseCsv(predictionsCsv([record])) as [string[], string[]];
    const cells = Object.fromEntries(header.map((name, index) => [name, row[index]]));
    expect(cells).toEqual({
      path: record.path,
      score: '0.30000000000000004',
      threshold: '0.25',
      label: 'abnormal',
      peak_x: '3',
      peak_y: '4',
      width: '640',
      height: '480',
      area_pixels: '12',
      milliseconds: '41.5',
      overlay: 'scans/a.overlay.png',
      heatmap: '',
      mask: '',
      npy: '',
    });
  });

  it('leaves cells empty where nothing is known', () => {
    const text = predictionsCsv([
      { ...record, path: 'x', threshold: null, label: null, areaPixels: null },
    ]);
    expect(text.split('\r\n')[1]).toMatch(/^x,0\.30000000000000004,,,3,4,640,480,,41\.5,/);
  });
});

describe('volumeRecord', () => {
  it('has the highest score, and says which image has it', () => {
    const slices = [0.2, 0.7, 0.4].map((score, slice) => ({
      ...record,
      path: `scan.nii#axial=${slice}`,
      score,
      label: score > 0.5 ? ('abnormal' as const) : ('normal' as const),
    }));
    expect(volumeRecord('scan.nii', slices, 9)).toEqual({
      path: 'scan.nii',
      images: 3,
      of: 9,
      score: 0.7,
      label: 'abnormal',
      highest: 'scan.nii#axial=1',
    });
  });
});

describe('predictionsJson', () => {
  it('is the report itself', () => {
    const report = {
      model: { name: 'iqe-clip' },
      predictions: [record],
      failures: [{ path: 'b.png', code: 'unreadable' as const, message: 'not an image' }],
    };
    expect(JSON.parse(predictionsJson(report))).toEqual(report);
  });
});
