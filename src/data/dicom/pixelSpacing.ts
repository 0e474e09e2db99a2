import type { DataSet } from 'dicom-parser';
import { decimal, macros, scopesOf } from './functionalGroups.js';

/** Distance between the centres of neighbouring pixels in millimetres. */
export interface PixelSpacing {
  /** From one row to the next. */
  readonly row: number;
  /** From one column to the next. */
  readonly column: number;
}

/** Pixel Spacing, Imager Pixel Spacing (at the detector), Nominal Scanned Pixel Spacing (film). */
const spacingTags = ['x00280030', 'x00181164', 'x00182010'];

/** The first spacing stated for `frame` that has two positive numbers. */
export function readPixelSpacing(
  dataSet: DataSet,
  frame: number,
  functionalGroups: boolean,
): PixelSpacing | undefined {
  for (const scope of scopesOf(dataSet, frame, macros.pixelMeasures, functionalGroups)) {
    for (const tag of spacingTags) {
      const row = decimal(scope, tag, 0) ?? 0;
      const column = decimal(scope, tag, 1) ?? 0;
      if (row > 0 && column > 0) return { row, column };
    }
  }
  return undefined;
}
