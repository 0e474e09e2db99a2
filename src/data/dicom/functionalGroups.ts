import type { DataSet } from 'dicom-parser';

/** Sequences of the functional group macros (PS3.3 C.7.6.16.2) that are read here. */
export const macros = {
  pixelMeasures: 'x00289110',
  frameVoiLut: 'x00289132',
  pixelValueTransformation: 'x00289145',
} as const;

export type Macro = (typeof macros)[keyof typeof macros];

/**
 * Where an attribute of one frame may stand, nearest first: in the frame's own functional group, in
 * the groups shared by all frames, in the data set itself.
 *
 * @param functionalGroups Without them only the data set itself.
 */
export function scopesOf(
  dataSet: DataSet,
  frame: number,
  macro: Macro,
  functionalGroups: boolean,
): DataSet[] {
  if (!functionalGroups) return [dataSet];
  const own = itemOf(itemOf(dataSet, 'x52009230', frame), macro);
  const shared = itemOf(itemOf(dataSet, 'x52009229'), macro);
  return [own, shared, dataSet].filter((scope) => scope !== undefined);
}

/** Item `index` of the sequence `tag`, if it is there. */
export function itemOf(dataSet: DataSet | undefined, tag: string, index = 0): DataSet | undefined {
  return dataSet?.elements[tag]?.items?.[index]?.dataSet;
}

/** Value `index` of a decimal string; undefined where it is missing or no number. */
export function decimal(dataSet: DataSet, tag: string, index = 0): number | undefined {
  const value = dataSet.floatString(tag, index);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
