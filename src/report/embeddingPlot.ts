import { UMAP } from 'umap-js';
import { throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { Random } from '../base/random.js';
import type { EmbeddingFigure, ScoredImage } from './types.js';

/** The embeddings of one image, by kind: [2, C], normal and abnormal. */
export interface EmbeddedImage {
  readonly label: ScoredImage['label'];
  readonly embeddings: Readonly<Record<string, Float32Array>>;
}

export interface EmbeddingPlotOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

/** More points hide one another, and take long to lay out. */
const mostImages = 500;
/** Fewer have no shape. */
const fewestImages = 8;
const neighbours = 15;
const minimumDistance = 0.1;

const names: Readonly<Record<string, string>> = {
  text: 'Text embeddings F^T',
  query: 'Query embeddings F^Q',
};

/**
 * Lays out the embeddings of images in the plane, as Figure 1 of the paper does with t-SNE: one panel
 * for each kind, a point for each image, which is its pair of embeddings as one vector of 2C numbers.
 * Of many images it takes a random sample of 500.
 */
export class EmbeddingPlot {
  readonly #seed: number;
  readonly #random: Random;
  readonly #sample: EmbeddedImage[] = [];
  #seen = 0;

  /** @param seed Of the sample and of the layout. */
  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed, 'embedding sample');
  }

  /** Takes one image into the sample, by chance instead of another where that is full (Vitter's R). */
  add(image: EmbeddedImage): void {
    this.#seen++;
    if (this.#sample.length < mostImages) this.#sample.push(image);
    else {
      const place = this.#random.integer(this.#seen);
      if (place < mostImages) this.#sample[place] = image;
    }
  }

  /**
   * The figure; none of fewer than 8 images.
   *
   * @throws {IqeError} `interrupted`
   */
  async figures(options: EmbeddingPlotOptions = {}): Promise<EmbeddingFigure[]> {
    const [first] = this.#sample;
    if (!first || this.#sample.length < fewestImages) return [];
    const kinds = Object.keys(first.embeddings);
    const panels: EmbeddingFigure['panels'][number][] = [];
    for (const kind of kinds) {
      const vectors = this.#sample.map(({ embeddings }) => [...(embeddings[kind] ?? [])]);
      const places = await layOut(vectors, new Random(this.#seed, 'umap', kind), options);
      panels.push({
        name: names[kind] ?? kind,
        points: places.map(([x = 0, y = 0], index) => ({
          x,
          y,
          label: this.#sample[index]!.label,
        })),
      });
    }
    return [
      {
        title: 'Embeddings that images are compared with',
        note: `A point is an image: its normal and its abnormal embedding together, laid out by UMAP (${neighbours} neighbours, least distance ${minimumDistance}, seed ${this.#seed}). Distances between far points mean little.`,
        panels,
      },
    ];
  }
}

async function layOut(
  vectors: number[][],
  random: Random,
  { signal, onProgress }: EmbeddingPlotOptions,
): Promise<number[][]> {
  const umap = new UMAP({
    nNeighbors: Math.min(neighbours, vectors.length - 1),
    minDist: minimumDistance,
    random: () => random.uniform(),
  });
  const total = umap.initializeFit(vectors);
  for (let epoch = 1; epoch <= total; epoch++) {
    throwIfAborted(signal);
    umap.step();
    if (epoch % 25 === 0 || epoch === total) {
      onProgress?.({ stage: 'laying out embeddings', done: epoch, total, unit: 'steps' });
      // Lets Ctrl-C be heard.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return umap.getEmbedding();
}
