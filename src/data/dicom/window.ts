import type { DataSet } from 'dicom-parser';
import { IqeError } from '../../base/errors.js';
import { decimal, macros, scopesOf } from './functionalGroups.js';

/** How a window maps values to grey (PS3.3 C.11.2.1.2 and C.11.2.1.3). */
export type WindowFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

/** The values that are shown: `center` is middle grey, `width` goes from black to white. */
export interface DisplayWindow {
  readonly center: number;
  readonly width: number;
  /** Default `LINEAR`. */
  readonly function?: WindowFunction;
}

/** Windows for CT in Hounsfield units, as radiology commonly sets them (Radiopaedia, "Windowing (CT)"). */
export const windowPresets = {
  brain: { center: 40, width: 80 },
  subdural: { center: 75, width: 215 },
  stroke: { center: 40, width: 40 },
  'temporal-bone': { center: 600, width: 2800 },
  'soft-tissue': { center: 50, width: 400 },
  lung: { center: -600, width: 1500 },
  mediastinum: { center: 50, width: 350 },
  abdomen: { center: 50, width: 400 },
  liver: { center: 30, width: 150 },
  spine: { center: 50, width: 250 },
  bone: { center: 400, width: 1800 },
} as const satisfies Record<string, DisplayWindow>;

export type WindowPreset = keyof typeof windowPresets;

/** A window, the name of one, or `full`: from the smallest to the largest value. */
export type WindowChoice = DisplayWindow | WindowPreset | 'full';

/**
 * The choice that `text` names: `40,80` (center, width), a preset such as `brain` or `soft tissue`, or `full`.
 *
 * @throws {IqeError} `usage`
 */
export function parseWindow(text: string): WindowChoice {
  const name = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  if (name === 'full' || Object.hasOwn(windowPresets, name)) return name as WindowPreset | 'full';
  const [center, width, ...rest] = text
    .split(',')
    .map((part) => (part.trim() ? Number(part) : Number.NaN));
  if (center !== undefined && width !== undefined && rest.length === 0) {
    if (Number.isFinite(center) && Number.isFinite(width) && width > 0) return { center, width };
  }
  throw new IqeError(
    'usage',
    `The window is "${text}"; expected CENTER,WIDTH with WIDTH > 0 or a name.`,
    {
      hint: `Names: ${Object.keys(windowPresets).join(', ')}, full.`,
    },
  );
}

/** The window of `choice`; undefined for `full`. */
export function chosenWindow(choice: WindowChoice): DisplayWindow | undefined {
  if (choice === 'full') return undefined;
  return typeof choice === 'string' ? windowPresets[choice] : choice;
}

/** The first window that the file states for `frame`; undefined where there is none of positive width. */
export function readWindow(
  dataSet: DataSet,
  frame: number,
  functionalGroups: boolean,
): DisplayWindow | undefined {
  for (const scope of scopesOf(dataSet, frame, macros.frameVoiLut, functionalGroups)) {
    const center = decimal(scope, 'x00281050');
    const width = decimal(scope, 'x00281051');
    if (center === undefined || width === undefined || width <= 0) continue;
    const stated = scope.string('x00281056')?.trim();
    if (stated === 'LINEAR_EXACT' || stated === 'SIGMOID')
      return { center, width, function: stated };
    return { center, width, function: 'LINEAR' };
  }
  return undefined;
}

/**
 * Grey of `value` from 0 to 255, not rounded. With c the center and w the width:
 * - LINEAR: 0 for x ≤ c − ½ − (w − 1) / 2, 255 for x > c − ½ + (w − 1) / 2, between them
 *   ((x − (c − ½)) / (w − 1) + ½) · 255; widths below 1, which it does not allow, as LINEAR_EXACT;
 * - LINEAR_EXACT: 0 for x ≤ c − w / 2, 255 for x > c + w / 2, between them ((x − c) / w + ½) · 255;
 * - SIGMOID: 255 / (1 + exp(−4 (x − c) / w)).
 */
export function windowed(value: number, window: DisplayWindow): number {
  if (window.function === 'SIGMOID') {
    return 255 / (1 + Math.exp((-4 * (value - window.center)) / window.width));
  }
  const exact = window.function === 'LINEAR_EXACT' || window.width < 1;
  const center = exact ? window.center : window.center - 0.5;
  const width = exact ? window.width : window.width - 1;
  if (value <= center - width / 2) return 0;
  if (value > center + width / 2) return 255;
  return ((value - center) / width + 0.5) * 255;
}
