import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import { recordedTensors } from '../../../test/support/safetensors.js';
import {
  describeWith,
  goldenFolder,
  goldenJson,
  sharedFolder,
} from '../../../test/support/shared.js';
import { wasmCodecs } from './codecs.node.js';
import { decodeDicom } from './decodeDicom.js';

interface RecordedFile {
  readonly file: string;
  readonly transfer_syntax: string;
  readonly modality: string;
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly slope: number | null;
  readonly window_centre: number[] | null;
  readonly voi_lut_sequence: boolean;
  readonly values: {
    readonly type: 'int32' | 'float64';
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly sha256: string;
  };
  readonly display: { readonly mean: number; readonly sha256: string; readonly stored: boolean };
  readonly probes: readonly [number, number, number | number[], number | number[]][];
}

const folder = `${sharedFolder}dicom/`;
const recorded = `${goldenFolder}/dicom.json`;

const sha256 = (data: NodeJS.ArrayBufferView) => createHash('sha256').update(data).digest('hex');

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

describeWith([recorded, folder], 'DICOM files as recorded', () => {
  const { files, not_decoded } = goldenJson<{
    files: RecordedFile[];
    not_decoded: Omit<RecordedFile, 'values' | 'display' | 'probes'>[];
  }>('dicom.json');
  const arrays = recordedTensors('dicom.safetensors');

  it.each(files)('$file', async (expected) => {
    // The recordings know the attributes of the data set itself only.
    const window =
      expected.window_centre === null && expected.voi_lut_sequence ? 'full' : undefined;
    const image = await decodeDicom(readFileSync(folder + expected.file), {
      codecs: wasmCodecs,
      functionalGroups: false,
      ...(window && { window }),
    });
    const { values, display } = image;
    expect(image).toMatchObject({
      width: expected.columns,
      height: expected.rows,
      frameCount: expected.frames,
      modality: expected.modality,
      transferSyntax: { uid: expected.transfer_syntax },
    });

    // A sample of a lossy JPEG 2000 file may differ by 1 with another decoder.
    const lossy = expected.transfer_syntax.endsWith('.4.91');
    const sample = lossy ? Math.abs(expected.slope ?? 1) : 0;
    const shade = lossy ? 1 : 0;
    expect(values).toBeInstanceOf(expected.values.type === 'int32' ? Int32Array : Float64Array);
    const stated = expected.values;
    expect(Math.abs(mean(values) - stated.mean)).toBeLessThanOrEqual(
      Math.max(sample, 1e-9 * Math.max(1, Math.abs(stated.mean))),
    );
    for (const [row, column, value, shown] of expected.probes) {
      const pixel = (data: ArrayLike<number>, channels: number) =>
        Array.from(
          { length: channels },
          (_, channel) => data[(row * image.width + column) * channels + channel],
        ) as number[];
      const at = `${row}, ${column}`;
      expectWithin(pixel(values, image.samplesPerPixel), [value].flat(), sample, `value at ${at}`);
      expectWithin(
        pixel(display.data, display.channels),
        [shown].flat(),
        shade,
        `display at ${at}`,
      );
    }
    if (!lossy) {
      expect(sha256(values)).toBe(stated.sha256);
      expect(sha256(display.data)).toBe(expected.display.sha256);
    }
    expect(mean(display.data)).toBeCloseTo(expected.display.mean, lossy ? 1 : 9);
    const array = arrays[expected.file];
    if (array !== undefined) expectWithin(display.data, array.data as Uint8Array, shade, 'display');
  });

  it.each(not_decoded)('$file, which the reference could not decode', async (expected) => {
    const image = await decodeDicom(readFileSync(folder + expected.file), {
      codecs: wasmCodecs,
      functionalGroups: false,
    });
    expect(image).toMatchObject({
      width: expected.columns,
      height: expected.rows,
      frameCount: expected.frames,
    });
    expect(new Set(image.display.data).size).toBeGreaterThan(1);
    // The same image in another transfer syntax is among the others, and losslessly the same.
    const twin = files.find((other) => stem(other.file) === stem(expected.file));
    const lossy = ['.4.50', '.4.51', '.4.81', '.4.91'];
    const exact = !lossy.some((ending) => expected.transfer_syntax.endsWith(ending));
    if (twin && exact) expect(sha256(image.values)).toBe(twin.values.sha256);
  });

  it('decodes every frame of every file', async () => {
    for (const { file, frames } of [...files, ...not_decoded]) {
      for (let frame = 0; frame < frames; frame++) {
        const image = await decodeDicom(readFileSync(folder + file), { codecs: wasmCodecs, frame });
        expect(image.values.every(Number.isFinite)).toBe(true);
      }
    }
  });
});

/** The beginning of a name that versions of one image share. */
function stem(file: string): string {
  return file.split(/[._]/, 1)[0] as string;
}
