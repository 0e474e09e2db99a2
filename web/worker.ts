import { IqeError, messageOf } from '../src/base/errors.js';
import type { RasterImage } from '../src/base/image.js';
import type { ProgressCallback } from '../src/base/progress.js';
import { AUGMENTATIONS, type Augmentation } from '../src/data/augment.js';
import { webImage } from '../src/data/decode.web.js';
import { blendOverlay } from '../src/report/overlay.js';
import { WebAnomalyDetector } from '../src/train/webDetector.web.js';
import type { FromWorker, Request, Results, ToWorker, Views } from './protocol.js';

const views: Readonly<Record<Views, readonly Augmentation[]>> = {
  1: ['identity'],
  3: ['identity', 'flip-left-right', 'flip-up-down'],
  11: AUGMENTATIONS,
};

let detector: WebAnomalyDetector | undefined;
const running = new Map<number, AbortController>();
/** One request after the other: there is one model. */
let last: Promise<void> = Promise.resolve();

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if ('stop' in data) {
    running.get(data.stop)?.abort();
    return;
  }
  const { id, request } = data;
  const controller = new AbortController();
  running.set(id, controller);
  last = last.then(() => answer(id, request, controller.signal)).finally(() => running.delete(id));
});

async function answer(id: number, request: Request, signal: AbortSignal): Promise<void> {
  const send = (message: FromWorker, transfer: Transferable[] = []) =>
    self.postMessage(message, { transfer });
  try {
    const result = await work(request, signal, (progress) => send({ id, progress }));
    send({ id, result }, 'overlay' in result ? [result.image, result.overlay] : []);
  } catch (error) {
    const hint = error instanceof IqeError ? error.hint : undefined;
    send({ id, error: { message: messageOf(error), hint } });
  }
}

async function work(
  request: Request,
  signal: AbortSignal,
  progress: ProgressCallback,
): Promise<Results[Request['kind']]> {
  if (request.kind === 'load') {
    await detector?.dispose();
    detector = await WebAnomalyDetector.fromPretrained(request.address, {
      backbone: request.backbone,
      signal,
      progress_callback: progress,
    });
    const { device, threads, head } = detector;
    return { device, threads, fitted: head !== undefined };
  }
  if (!detector) throw new IqeError('usage', 'No model is loaded.');
  if (request.kind === 'fit') {
    const support = request.support.map(({ file, label, mask }) => ({
      image: file,
      label,
      ...(mask && { mask }),
    }));
    await detector.fit(support, {
      config: { training: { epochs: request.epochs, augmentations: views[request.views] } },
      signal,
      progress_callback: progress,
    });
    const { history, decision } = detector.head!;
    return { loss: history.at(-1)!, threshold: decision.threshold?.threshold ?? null };
  }
  const raster = await webImage(request.file);
  const { score, label, map, mapThreshold } = await detector.predict(raster, { signal });
  return {
    score,
    label,
    image: await bitmap(raster),
    overlay: await bitmap(blendOverlay(raster, map, mapThreshold)),
  };
}

function bitmap({ width, height, channels, data }: RasterImage): Promise<ImageBitmap> {
  const rgba = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgba.data[4 * pixel + channel] = data[channels * pixel + (channels === 1 ? 0 : channel)]!;
    }
    rgba.data[4 * pixel + 3] = 255;
  }
  return createImageBitmap(rgba);
}
