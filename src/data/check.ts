import type { LayoutName, ProblemKind, Split } from './layout.js';
import type { PixelSize } from './mask.js';

export type FindingKind =
  | ProblemKind
  | 'unreadable-image'
  | 'unreadable-mask'
  | 'mask-size'
  | 'empty-mask'
  | 'mask-of-normal'
  | 'duplicates-across-splits'
  | 'duplicates-across-labels'
  | 'duplicates'
  | 'patients-across-splits'
  | 'no-labels'
  | 'no-normal'
  | 'no-abnormal'
  | 'no-valid'
  | 'no-test'
  | 'deep-images'
  | 'several-images';

/** Something that a check found. A warning makes results wrong or smaller, a note does not. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: 'warning' | 'note';
  readonly message: string;
  /** The images, masks or patients in question, files relative to the root. */
  readonly items: readonly string[];
}

/** How many images there are in one split; `split` is null for those in none. */
export interface SplitCounts {
  readonly split: Split | null;
  readonly normal: number;
  readonly abnormal: number;
  readonly unlabelled: number;
  /** Images with a mask file. */
  readonly masks: number;
}

/** What a folder is read as, and all that is wrong with it. Plain JSON. */
export interface DataCheck {
  readonly path: string;
  readonly name: string;
  readonly usable: boolean;
  readonly layout: LayoutName | null;
  /** Why it is not usable. */
  readonly reason: string | null;
  /** The nearest layout that would be usable, or more useful. */
  readonly suggestion: string | null;
  readonly counts: readonly SplitCounts[];
  readonly uses: {
    readonly predict: boolean;
    /** The largest K of a few-shot run; 0 where there can be none. */
    readonly maxShots: number;
    readonly evaluate: boolean;
    readonly pixelMetrics: boolean;
  };
  readonly patients: {
    readonly source: 'given' | 'derived' | 'none';
    readonly count: number;
    readonly inSeveralSplits: readonly {
      /** Guessed from file names; null where it was given, as it may be a person's name. */
      readonly patient: string | null;
      /** One of the patient's images in each of the splits. */
      readonly images: readonly string[];
      readonly splits: readonly Split[];
    }[];
  };
  /** Images with the same bytes. */
  readonly duplicates: readonly (readonly string[])[];
  readonly sizes: {
    readonly distinct: number;
    readonly smallest: PixelSize;
    readonly largest: PixelSize;
  } | null;
  readonly findings: readonly Finding[];
}
