import { IqeError } from '../base/errors.js';
import type { MethodNeeds } from '../methods/method.js';
import { entryOf, type MethodName, methodsThat } from '../methods/registry.js';

/** What there is to learn from. */
export interface Given {
  readonly normal: number;
  readonly abnormal: number;
  /** Whether all of these images have masks. */
  readonly masks: boolean;
}

/** Whether a method learns from images of both kinds. */
export const needsAbnormal = ({ images }: MethodNeeds) => images === 'normal and abnormal';

/** Whether a method can do with images of the normal kind alone, but needs those. */
export const takesNormalAlone = (needs: MethodNeeds) =>
  needs.images === 'normal' || (!needsAbnormal(needs) && needs.references === 'yes');

/** Whether a method can do without any image. */
export const needsNothing = ({ images, references }: MethodNeeds) =>
  images === 'none' && references === 'no';

/**
 * Checks that a method is given what it learns from.
 *
 * @throws {IqeError} `usage` with the methods that can do with what there is.
 */
export function checkNeeds(name: MethodName, { normal, abnormal, masks }: Given): void {
  const { title, needs } = entryOf(name);
  if (needsAbnormal(needs) && abnormal === 0) {
    throw new IqeError(
      'usage',
      `${title} learns from normal and abnormal images; there are no abnormal ones.`,
      {
        hint: `Give at least one, or use a method that learns from normal images alone: --method ${list(takesNormalAlone)}.`,
      },
    );
  }
  if (!needsNothing(needs) && normal === 0) {
    throw new IqeError('usage', `${title} learns from normal images; there are none.`, {
      hint: `Give at least one, or use a method that needs none: --method ${list(needsNothing)}.`,
    });
  }
  if (needs.masks === 'yes' && !masks) {
    const others = (own: MethodNeeds) => own.masks !== 'yes';
    throw new IqeError(
      'data',
      `${title} learns from masks, and not all of these images have one.`,
      {
        hint: `Give a mask of each abnormal image, or use a method that can do without: --method ${list(others)}.`,
      },
    );
  }
}

/** Whether a method can be used on images of other kinds than those that it learned from. */
export const transfers = (needs: MethodNeeds) => !takesNormalAlone(needs);

/**
 * Checks that a method can be trained on some sets to be used on others.
 *
 * @throws {IqeError} `usage` with the methods that can.
 */
export function checkTransfers(name: MethodName): void {
  const { title, needs } = entryOf(name);
  if (transfers(needs)) return;
  throw new IqeError(
    'usage',
    `${title} knows normal images only of the kind that it learned from: it cannot be trained on other sets.`,
    {
      hint: `Fit it on the set itself with 'iqe-clip fit', or use --method ${list(transfers)}.`,
    },
  );
}

function list(wanted: (needs: MethodNeeds) => boolean): string {
  const names = methodsThat(wanted);
  return [names.slice(0, -1).join(', '), names.at(-1)].filter((part) => part !== '').join(' or ');
}
