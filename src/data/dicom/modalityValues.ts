import type { DataSet } from 'dicom-parser';
import { decimal, itemOf, macros, scopesOf } from './functionalGroups.js';
import type { ImageHeader } from './imageHeader.js';
import { lookUp, readLookupTable } from './lookupTable.js';
import { extremes, type Samples } from './nativeSamples.js';

/**
 * Modality values of grey samples (PS3.3 C.11.1): the modality LUT where there is one, else
 * sample · slope + intercept in float64, else the samples. Values are Hounsfield units for CT.
 *
 * Samples that equal the Pixel Padding Value are transformed like all others.
 *
 * @returns Int32Array where samples, slope and intercept are integers and the values fit.
 */
export function modalityValues(
  samples: Samples,
  dataSet: DataSet,
  header: ImageHeader,
  frame: number,
  functionalGroups: boolean,
): Samples {
  const sequence = itemOf(dataSet, 'x00283000');
  const table = sequence && readLookupTable(sequence, 'x00283002', 'x00283006', header.signed);
  if (table !== undefined) return Int32Array.from(samples, (sample) => lookUp(table, sample));
  const scopes = scopesOf(dataSet, frame, macros.pixelValueTransformation, functionalGroups);
  for (const scope of scopes) {
    const slope = decimal(scope, 'x00281053');
    const intercept = decimal(scope, 'x00281052');
    if (slope === undefined && intercept === undefined) continue;
    return rescaled(samples, slope ?? 1, intercept ?? 0);
  }
  return samples;
}

function rescaled(samples: Samples, slope: number, intercept: number): Samples {
  if (slope === 1 && intercept === 0) return samples;
  const [low, high] = extremes(samples);
  const largest = Math.max(-low, high);
  const whole =
    samples instanceof Int32Array &&
    Number.isInteger(slope) &&
    Number.isInteger(intercept) &&
    largest * Math.abs(slope) + Math.abs(intercept) < 2 ** 31;
  const values = whole ? new Int32Array(samples.length) : new Float64Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    values[i] = (samples[i] as number) * slope + intercept;
  }
  return values;
}
