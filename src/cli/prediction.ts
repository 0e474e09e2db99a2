import { IqeError, throwIfAborted } from '../base/errors.js';
import { splitImageName } from '../data/imagePart.js';
import type { ReadingSettings } from '../data/readingSettings.js';
import { outputName, outputNames } from '../report/outputNames.js';
import {
  type PictureKind,
  type PredictionFailure,
  type PredictionRecord,
  type PredictionReport,
  volumeRecord,
} from '../report/predictions.js';
import type { AnomalyDetector, Prediction } from '../train/detector.js';
import { failedImage } from '../train/failedImage.js';
import type { InputImage } from './inputs.js';
import { type Found, numbersOf, type PixelWork } from './pixelWork.js';
import type { VerbContext } from './verb.js';

export interface PredictionOptions extends Pick<VerbContext, 'signal' | 'onProgress' | 'note'> {
  readonly reading: ReadingSettings;
  /** Where pictures are written; nowhere if there is no folder. */
  readonly out: string | undefined;
  readonly save: readonly PictureKind[];
}

type FoundImage = Extract<Found, { kind: 'image' }>;

/**
 * Images that are run together have no more numbers than this, besides the last one's: the pixels of four
 * radiographs. Less than what is read ahead, so that a group is complete before the reader waits.
 */
const mostNumbersPerRun = 8e6;

/**
 * Scores all images in files. While the model runs, `pixels` reads the next images and draws the last
 * ones. Files that cannot be read are listed and left out.
 *
 * @throws {IqeError} `output`, `interrupted`
 */
export async function predictAll(
  detector: AnomalyDetector,
  inputs: readonly InputImage[],
  pixels: PixelWork,
  options: PredictionOptions,
): Promise<Omit<PredictionReport, 'model'>> {
  const { reading, out, signal, onProgress, note } = options;
  const run = new PredictionRun(detector, inputs, pixels, options);
  let total = inputs.length;
  const paths = inputs.map(({ path }) => path);
  const step = () => onProgress({ stage: 'prediction', done: run.done, total, unit: 'images' });
  const asRead = { reading, size: detector.imageSize, areDrawn: out !== undefined };
  try {
    for await (const found of pixels.images(paths, asRead)) {
      throwIfAborted(signal);
      if (found.kind === 'file') {
        const { images, of } = found;
        if (images < of) note(choiceNote(paths[found.input]!, images, of));
        total += images - 1;
        run.open(found.input, of);
      } else if (found.kind === 'image') {
        await run.add(found);
        step();
      } else {
        run.fail(found.name, found.error);
        step();
      }
    }
    const report = await run.finish();
    step();
    return report;
  } finally {
    await run.settled();
  }
}

/** The images of one call that wait for the model, and what was said of those before. */
class PredictionRun {
  readonly #detector: AnomalyDetector;
  readonly #inputs: readonly InputImage[];
  readonly #names: readonly string[];
  readonly #pixels: PixelWork;
  readonly #options: PredictionOptions;
  /** Of each input, in the order of its images. */
  readonly #records = new Map<number, { readonly of: number; readonly own: PredictionRecord[] }>();
  readonly #failures: PredictionFailure[] = [];
  #group: FoundImage[] = [];
  /** Of the last group; it fails where pictures cannot be written. */
  #drawing: Promise<void> = Promise.resolve();
  /** How many images were scored or failed. */
  done = 0;

  constructor(
    detector: AnomalyDetector,
    inputs: readonly InputImage[],
    pixels: PixelWork,
    options: PredictionOptions,
  ) {
    this.#detector = detector;
    this.#inputs = inputs;
    this.#names = outputNames(inputs.map(({ name }) => name));
    this.#pixels = pixels;
    this.#options = options;
  }

  open(input: number, of: number): void {
    this.#records.set(input, { of, own: [] });
  }

  async add(found: FoundImage): Promise<void> {
    this.#group.push(found);
    const numbers = this.#group.reduce((sum, { read }) => sum + numbersOf(read), 0);
    const isFull =
      this.#group.length === this.#detector.imagesPerRun || numbers > mostNumbersPerRun;
    if (isFull) await this.#predictGroup();
  }

  fail(name: string, error: unknown): void {
    // Only what is wrong with one file; a full disk or Ctrl-C ends the command.
    if (error instanceof IqeError && error.code !== 'unreadable') throw error;
    const failure = failedImage(name, error);
    this.#failures.push(failure);
    this.#options.note(`Failed: ${failure.message}`);
    this.done++;
  }

  async finish(): Promise<Omit<PredictionReport, 'model'>> {
    await this.#predictGroup();
    await this.#drawing;
    const records = [...this.#records].sort(([a], [b]) => a - b);
    const predictions = records.flatMap(([, { own }]) => own);
    const volumes = records
      .filter(([, { of, own }]) => of > 1 && own.length > 0)
      .map(([input, { of, own }]) => volumeRecord(this.#inputs[input]!.path, own, of));
    return { predictions, ...(volumes.length > 0 && { volumes }), failures: this.#failures };
  }

  /** Once nothing is being drawn any more, also after a failure. */
  async settled(): Promise<void> {
    await this.#drawing.catch(() => undefined);
  }

  async #predictGroup(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    if (group.length === 0) return;
    const started = performance.now();
    const reads = group.map(({ read }) => read);
    const { signal } = this.#options;
    let predictions: Prediction[];
    try {
      predictions = await this.#detector.predictPrepared(reads, { signal });
    } catch (error) {
      for (const { name, read } of group) {
        this.#pixels.release(read);
        this.fail(name, error);
      }
      return;
    }
    const milliseconds = (performance.now() - started) / group.length;
    await this.#drawing;
    this.#drawing = this.#draw(group, predictions, milliseconds);
    // It is waited for with the next group: until then its failure is nobody's.
    this.#drawing.catch(() => undefined);
    this.done += group.length;
  }

  async #draw(
    group: readonly FoundImage[],
    predictions: readonly Prediction[],
    milliseconds: number,
  ): Promise<void> {
    const records = await Promise.all(
      group.map((found, index) => this.#record(found, predictions[index]!, milliseconds)),
    );
    for (const [index, { input, read }] of group.entries()) {
      this.#records.get(input)!.own.push(records[index]!);
      this.#pixels.release(read);
    }
  }

  async #record(
    { input, name: path, read }: FoundImage,
    prediction: Prediction,
    milliseconds: number,
  ): Promise<PredictionRecord> {
    const { out, save } = this.#options;
    const { score, threshold, label, hasMap, mapThreshold, areaPixels } = prediction;
    const size = [read.width, read.height] as const;
    const taken = Math.round(read.milliseconds + milliseconds);
    const record = { path, score, threshold, label, size, areaPixels, milliseconds: taken };
    if (!hasMap) return { ...record, peak: null, outputs: {} };
    const { map, peak } = prediction;
    const name = outputName(this.#names[input]!, splitImageName(path).part);
    const content = read.image && { image: read.image, map, score, threshold: mapThreshold };
    const isDrawn = out !== undefined && content;
    const outputs = isDrawn ? await this.#pixels.draw(out, name, content, save) : {};
    return { ...record, peak, outputs };
  }
}

function choiceNote(path: string, chosen: number, all: number): string {
  return `${path}: ${chosen} of ${all} images, evenly spread. For every one: --slice all, of DICOM --frame all.`;
}
