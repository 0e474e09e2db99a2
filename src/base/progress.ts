/** One report from something long. `done` of `total` `unit`s of the work named `stage`. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  /** Unknown where nobody can tell beforehand. */
  readonly total: number | undefined;
  readonly unit: string;
  /** Training only: the mean loss of the steps since the last report. */
  readonly loss?: number;
}

export type ProgressCallback = (progress: Progress) => void;
