import { splitImageName } from './imagePart.js';
import { baseName, type DataSet, type Sample, withoutExtension } from './layout.js';

/**
 * The patient that each image's name seems to tell, null where it tells none.
 *
 * Slices of one scan are commonly named PATIENT_SLICE (`p07_052.png`, `00124_60.png`). What stands
 * before the last `_` is taken for the patient where what follows is 1 to 4 digits, the part before
 * has a digit in it (`normal_12` is no patient called normal), at least two images share it, and
 * the set has at least two such parts. It is a guess from names, and is to be called one.
 *
 * The slices or frames of one file (`p07.nii.gz#axial=52`) are all of one patient.
 *
 * @param ids Paths of images with `/`, all of one data set.
 */
export function derivePatients(ids: readonly string[]): (string | null)[] {
  const prefixes = ids.map((id) => {
    const { file } = splitImageName(id);
    if (file !== id) return withoutExtension(file);
    const match = /^(.*\d.*)_\d{1,4}$/.exec(withoutExtension(baseName(id)));
    return match?.[1] ?? null;
  });
  const counts = new Map<string, number>();
  for (const prefix of prefixes) {
    if (prefix !== null) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  const patients = prefixes.map((prefix) =>
    prefix !== null && (counts.get(prefix) as number) > 1 ? prefix : null,
  );
  const distinct = new Set(patients.filter((patient) => patient !== null));
  return distinct.size > 1 ? patients : ids.map(() => null);
}

/** How many of the patients of `measured` have images in other splits of the data set too. */
export function patientsElsewhere(
  { samples }: Pick<DataSet, 'samples'>,
  measured: readonly Sample[],
): number {
  const splits = new Set(measured.map(({ split }) => split));
  const elsewhere = new Set(
    samples.filter(({ split }) => !splits.has(split)).map(({ patient }) => patient),
  );
  const own = new Set(measured.map(({ patient }) => patient));
  return [...own].filter((patient) => patient !== null && elsewhere.has(patient)).length;
}
