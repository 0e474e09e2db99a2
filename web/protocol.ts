import type { Progress } from '../src/base/progress.js';

/** What the page asks of the worker that holds the model. */
export type Request =
  | { readonly kind: 'load'; readonly address: string; readonly backbone: string }
  | {
      readonly kind: 'fit';
      readonly support: readonly LabelledFile[];
      readonly epochs: number;
      readonly views: Views;
    }
  | { readonly kind: 'predict'; readonly file: File };

/** How many views of an image are learned from: itself, with its flips, with turns and shifts too. */
export type Views = 1 | 3 | 11;

export interface LabelledFile {
  readonly file: File;
  readonly label: 'normal' | 'abnormal';
  readonly mask?: File;
}

/** What the worker says of each kind of request when it is done. */
export interface Results {
  readonly load: {
    readonly device: 'webgpu' | 'wasm';
    readonly threads: number;
    /** Whether it can predict at once. */
    readonly fitted: boolean;
  };
  readonly fit: { readonly loss: number; readonly threshold: number | null };
  readonly predict: ScoredImage;
}

export interface ScoredImage {
  readonly score: number;
  readonly label: 'normal' | 'abnormal' | null;
  /** The image as it was read, and the same under its anomaly map. */
  readonly image: ImageBitmap;
  readonly overlay: ImageBitmap;
}

/** A request on its way; `stop` ends the one of that number. */
export type ToWorker =
  | { readonly id: number; readonly request: Request }
  | { readonly stop: number };

/** What comes back: any number of reports, then a result or an error. */
export type FromWorker = { readonly id: number } & (
  | { readonly progress: Progress }
  | { readonly result: Results[Request['kind']] }
  | { readonly error: { readonly message: string; readonly hint: string | undefined } }
);
