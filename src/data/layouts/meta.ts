import { z } from 'zod';
import { splitNamed } from './names.js';
import type { Reading } from './reading.js';
import { parseJson } from './table.js';

const META = z.record(
  z.string(),
  z.record(
    z.string(),
    z.array(
      z.object({
        img_path: z.string().min(1),
        mask_path: z.string().nullish(),
        cls_name: z.string().nullish(),
        anomaly: z.union([z.literal(0), z.literal(1)]),
      }),
    ),
  ),
);

/**
 * Reads the `meta.json` that AnomalyCLIP, AdaCLIP and VCP-CLIP keep beside their images:
 * `{ SPLIT: { CLASS: [{ img_path, mask_path, cls_name, specie_name, anomaly }] } }` with paths
 * relative to its folder and `mask_path` '' where there is none.
 *
 * @returns Null where the text is something else, as files of this name often are.
 */
export function readMeta(text: string): Reading | null {
  const { data: meta } = META.safeParse(parseJson(text));
  if (meta === undefined) return null;
  const splits = Object.entries(meta).map(([key, classes]) => ({
    split: splitNamed(key),
    classes,
  }));
  const samples = splits.flatMap(({ split, classes }) =>
    Object.entries(classes).flatMap(([className, entries]) =>
      entries.map((entry) => ({
        image: entry.img_path,
        label: entry.anomaly,
        mask: entry.mask_path || null,
        split: split ?? null,
        patient: null,
        className: entry.cls_name ?? className,
      })),
    ),
  );
  if (samples.length === 0 || splits.some(({ split }) => split === undefined)) return null;
  return { layout: 'meta', samples, problems: [] };
}
