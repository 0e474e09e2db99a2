import { imagePlanes } from '../clip/preprocess.js';
import { ImageReader } from '../data/imageReader.node.js';
import { imagesToScore, readingOptions } from '../data/readingSettings.js';
import { writePictures } from '../report/pictures.node.js';
import type { Found, Outputs, PixelOptions, PixelWork } from './pixelWork.js';

/** In the thread that asks for it, each image when it is asked for. */
export class OwnPixelWork implements PixelWork {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async *images(paths: readonly string[], options: PixelOptions): AsyncGenerator<Found, void> {
    const { reading } = options;
    const reader = new ImageReader({ ...readingOptions(reading), signal: this.#signal });
    for (const [input, path] of paths.entries()) {
      try {
        const all = await reader.names(path);
        const chosen = imagesToScore(all, reading);
        yield { kind: 'file', input, images: chosen.length, of: all.length };
        for (const name of chosen) yield await foundImage(reader, input, name, options);
      } catch (error) {
        yield { kind: 'failure', input, name: path, error };
      }
    }
  }

  draw(...words: Parameters<typeof writePictures>): Promise<Outputs> {
    return writePictures(...words);
  }

  release(): void {}

  async close(): Promise<void> {}
}

async function foundImage(
  reader: ImageReader,
  input: number,
  name: string,
  { size, areDrawn }: PixelOptions,
): Promise<Found> {
  const started = performance.now();
  try {
    const image = await reader.image(name);
    const { width, height } = image;
    const planes = imagePlanes(image, size);
    const milliseconds = performance.now() - started;
    const read = { width, height, planes, image: areDrawn ? image : undefined, milliseconds };
    return { kind: 'image', input, name, read };
  } catch (error) {
    return { kind: 'failure', input, name, error };
  }
}
