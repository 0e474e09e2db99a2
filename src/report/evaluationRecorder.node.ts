import type { MeasuredImage } from '../train/evaluate.node.js';
import { EmbeddingPlot, type EmbeddingPlotOptions } from './embeddingPlot.js';
import type { EvaluatedRun } from './evaluationReport.js';
import { GalleryPictures } from './galleryPictures.node.js';

/** Keeps of each image, while a set is evaluated, what its report shows beside the scores. */
export class EvaluationRecorder {
  readonly #pictures = new GalleryPictures();
  readonly #embeddings: EmbeddingPlot;

  /** @param seed Of the layout of embeddings. */
  constructor(seed: number) {
    this.#embeddings = new EmbeddingPlot(seed);
  }

  async add(measured: MeasuredImage): Promise<void> {
    await this.#pictures.add(measured);
    const { embeddings } = measured.prediction;
    const label = measured.sample.label === 1 ? 'abnormal' : 'normal';
    if (embeddings) this.#embeddings.add({ label, embeddings });
  }

  /**
   * Pictures for the gallery, and where the method has any, its embeddings in the plane.
   *
   * @throws {IqeError} `interrupted`
   */
  async shown(
    options: EmbeddingPlotOptions,
  ): Promise<Pick<EvaluatedRun, 'thumbnails' | 'embeddings'>> {
    const embeddings = await this.#embeddings.figures(options);
    return { thumbnails: this.#pictures.thumbnails, embeddings };
  }
}
