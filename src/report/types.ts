/**
 * What the HTML report shows, as plain JSON data: whoever evaluates writes it, and the report reads
 * nothing else. Metrics are 0…1 everywhere and shown in per cent. Every text is escaped when it is
 * shown; ids are shown as given, so whoever makes them keeps names of patients out.
 */

/** 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** A measured number and how sure it is: by an interval, or by its deviation over seeds. */
export interface Estimate {
  readonly value: number;
  readonly interval?: Interval | null;
  /** Standard deviation over `seeds` runs; `value` is their mean. */
  readonly deviation?: number | null;
  readonly seeds?: number;
}

/** A curve through points in the unit square, with an optional band of 95 % intervals around y. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

/** Pictures of one image as `data:image/png`, `jpeg` or `webp` URIs, all of the same shape. */
export interface Thumbnails {
  readonly image: string;
  /** The annotated mask, where the data set has masks. */
  readonly groundTruth?: string | null;
  readonly map: string;
  readonly overlay: string;
}

/** One image of an evaluation. */
export interface ScoredImage {
  /** A name that may be shown. */
  readonly id: string;
  readonly score: number;
  readonly label: 'normal' | 'abnormal';
  /** Only images with thumbnails are in the gallery. */
  readonly thumbnails?: Thumbnails | null;
}

/** One method on one data set. */
export interface EvaluationResult {
  readonly method: string;
  readonly set: string;
  /** Metrics by key: `image.auroc`, `image.ap`, `image.f1Max`, `pixel.auroc`, `pixel.aupro`, …; `null` where undefined. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** 95 % intervals by the same keys. */
  readonly intervals?: Readonly<Record<string, Interval>>;
  /** Images with score ≥ `value` count as abnormal. */
  readonly threshold?: {
    readonly value: number;
    /** Where it comes from, such as "largest F1 on valid". */
    readonly rule: string;
    /**
     * 95 % intervals of the rates at it, by bootstrap over patients; null where these are too few.
     * Absent where no patient has several images: those of Wilson are shown.
     */
    readonly intervals?: Readonly<Record<'sensitivity' | 'specificity', Interval>> | null;
  } | null;
  readonly roc?: Curve | null;
  /** x: recall, y: precision. */
  readonly pr?: Curve | null;
  readonly images: readonly ScoredImage[];
}

/** Lines over the number of shots: one figure per set or for the mean of all sets. */
export interface FewShotFigure {
  readonly title: string;
  /** What is on the y axis, such as "Image AUROC". */
  readonly metric: string;
  readonly series: readonly {
    readonly method: string;
    /** Numbers printed in a paper, not measured here: drawn dashed. */
    readonly published?: boolean;
    readonly points: readonly (Estimate & { readonly shots: number })[];
  }[];
}

/** How the loss of a training went. */
export interface LossFigure {
  readonly title: string;
  /** Mean of each epoch. */
  readonly losses: readonly number[];
}

/** Methods over sets on spokes. */
export interface RadarFigure {
  readonly title: string;
  readonly metric: string;
  /** Names of the sets, one spoke each; with fewer than three there is no chart. */
  readonly sets: readonly string[];
  readonly series: readonly {
    readonly method: string;
    readonly published?: boolean;
    /** One value per set; `null` where it was not measured. */
    readonly values: readonly (number | null)[];
  }[];
}

/** Embeddings laid out in the plane by t-SNE or UMAP, one panel for each kind (text, query). */
export interface EmbeddingFigure {
  readonly title: string;
  /** How they were laid out: method, seed, settings. */
  readonly note: string;
  readonly panels: readonly {
    readonly name: string;
    readonly points: readonly {
      readonly x: number;
      readonly y: number;
      readonly label: 'normal' | 'abnormal';
    }[];
  }[];
}

/** The anomaly maps that methods give for the same images, side by side. */
export interface MapsFigure {
  readonly title: string;
  readonly methods: readonly string[];
  readonly images: readonly {
    readonly id: string;
    /** Pictures as in {@link Thumbnails}. */
    readonly image: string;
    readonly groundTruth?: string | null;
    /** One for each method; `null` where it has none. */
    readonly maps: readonly (string | null)[];
  }[];
}

/** A measured number in a table, the published one beside it, or why there is none. */
export interface MetricCell {
  readonly estimate?: Estimate | null;
  /** The number printed in a paper, 0…1. */
  readonly published?: number | null;
  /** Why this cell could not be measured. */
  readonly failure?: string | null;
}

/** A column of a table: of words or of metrics. Neighbours of the same group share a heading. */
export interface TableColumn {
  readonly name: string;
  readonly group?: string;
  readonly kind: 'text' | 'metric';
}

/** Rows for Markdown, CSV and HTML alike. */
export interface ReportTable {
  readonly title: string;
  readonly note?: string;
  /** Whether the rows are rivals: the largest measured value of every column is set in bold. */
  readonly markBest?: boolean;
  readonly columns: readonly TableColumn[];
  /** One cell per column; `null` is an empty one. */
  readonly rows: readonly (readonly (string | MetricCell | null)[])[];
}

/** A whole report. Parts that are missing or empty are left out of the page. */
export interface ReportData {
  readonly title: string;
  /** One sentence below the title. */
  readonly subtitle?: string;
  /** What a reader must know before the numbers, such as what a backbone is not. */
  readonly notices?: readonly string[];
  /** Name and value: model, backbone, shots, seeds, hash of the data, version, date, … */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly protocol: {
    readonly name: string;
    /** Paragraphs: who chose what on which data. */
    readonly description: readonly string[];
    /** True where anything was selected on the test set: said in a warning at the top. */
    readonly selectsOnTest: boolean;
  };
  readonly evaluations?: readonly EvaluationResult[];
  readonly tables?: readonly ReportTable[];
  readonly losses?: readonly LossFigure[];
  readonly fewShot?: readonly FewShotFigure[];
  readonly radar?: readonly RadarFigure[];
  readonly embeddings?: readonly EmbeddingFigure[];
  readonly maps?: readonly MapsFigure[];
}
