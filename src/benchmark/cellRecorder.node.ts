import { Random } from '../base/random.js';
import type { Sample } from '../data/layout.js';
import { EmbeddingPlot, type EmbeddingPlotOptions } from '../report/embeddingPlot.js';
import { GalleryPictures } from '../report/galleryPictures.node.js';
import { makeThumbnails } from '../report/thumbnails.node.js';
import type { Thumbnails } from '../report/types.js';
import type { MeasuredImage } from '../train/evaluate.node.js';
import type { BenchmarkConfig } from './config.js';
import type { Cell } from './plan.js';
import type { ShownImages } from './results.js';

/** So many abnormal images of each set methods are compared on. */
const comparedOfSet = 4;

/** Whether the report shows anything of a cell's images: of the first seed, where that is wanted. */
export function showsImages({ seed }: Cell, { seeds, figures, gallery }: BenchmarkConfig): boolean {
  const wanted = gallery > 0 || figures.includes('embeddings') || figures.includes('maps');
  return wanted && seed === seeds[0];
}

/**
 * The test images that methods are compared on: a few abnormal ones, those with masks if there are any,
 * the same for every method and setting.
 */
export function comparedImages(samples: readonly Sample[], seed: number): string[] {
  const abnormal = samples.filter(({ label }) => label === 1);
  const masked = abnormal.filter(({ maskPath }) => maskPath !== null);
  const candidates = masked.length > 0 ? masked : abnormal;
  const shuffled = new Random(seed, 'compared images').shuffle(candidates);
  return shuffled.slice(0, comparedOfSet).map(({ id }) => id);
}

/** Keeps what the report shows of a cell's images while they are measured. */
export class CellRecorder {
  readonly #gallery: GalleryPictures | undefined;
  readonly #embeddings: EmbeddingPlot | undefined;
  readonly #compared: ReadonlyMap<string, { thumbnails?: Thumbnails }>;

  private constructor(
    { gallery, figures, seeds }: BenchmarkConfig,
    samples: readonly Sample[],
    seed: number,
  ) {
    this.#gallery = gallery > 0 ? new GalleryPictures(gallery) : undefined;
    this.#embeddings = figures.includes('embeddings') ? new EmbeddingPlot(seed) : undefined;
    const ids = figures.includes('maps') ? comparedImages(samples, seeds[0]!) : [];
    this.#compared = new Map(ids.map((id) => [id, {}]));
  }

  /** A recorder for `cell`, where the report shows anything of its images. */
  static for(
    cell: Cell,
    benchmark: BenchmarkConfig,
    samples: readonly Sample[],
  ): CellRecorder | undefined {
    if (!showsImages(cell, benchmark)) return undefined;
    return new CellRecorder(benchmark, samples, cell.seed);
  }

  /** Whether predictions have to have embeddings. */
  get takesEmbeddings(): boolean {
    return this.#embeddings !== undefined;
  }

  async add(measured: MeasuredImage): Promise<void> {
    const { sample, image, mask, prediction } = measured;
    await this.#gallery?.add(measured);
    const { embeddings, map, mapThreshold } = prediction;
    if (embeddings) {
      this.#embeddings?.add({ label: sample.label === 1 ? 'abnormal' : 'normal', embeddings });
    }
    const compared = this.#compared.get(sample.id);
    if (compared && prediction.hasMap) {
      compared.thumbnails = await makeThumbnails(image, map, mask, mapThreshold);
    }
  }

  /** @throws {IqeError} `interrupted` */
  async shown(options: EmbeddingPlotOptions): Promise<ShownImages> {
    return {
      gallery: Object.fromEntries(this.#gallery?.thumbnails ?? []),
      compared: Object.fromEntries(
        [...this.#compared].flatMap(([id, { thumbnails }]) =>
          thumbnails ? [[id, thumbnails]] : [],
        ),
      ),
      embeddings: (await this.#embeddings?.figures(options)) ?? [],
    };
  }
}
