import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { Random } from '../../base/random.js';
import { openCheckpoint } from '../../clip/checkpoint.node.js';
import type { ClipConfig } from '../../clip/config.js';
import { imagePlanes } from '../../clip/preprocess.js';
import { writeRandomCheckpoint } from '../../clip/randomCheckpoint.node.js';
import { loadTokenizer } from '../../clip/tokenizer.node.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { RuntimeOptions } from '../../graph/session.js';
import type { RunConfig } from '../config.js';
import { remembersReferences } from '../fewShot.js';
import { fittedTensors } from '../fittedWeights.js';
import { openMethod } from '../openMethod.js';
import { rememberReferences } from '../references.js';
import { RunFolder } from '../runFolder.node.js';
import { trainingStep } from '../trainingStep.js';

/** What is measured. Every measurement's process is told it as JSON. */
export interface BenchSetup {
  /** Holds everything that is written, and goes in the end. */
  readonly folder: string;
  /** A folder with a CLIP model; nothing where one of ViT-L/14's size is to be made of random numbers. */
  readonly backbone: string | undefined;
  readonly config: RunConfig;
  readonly runtime: RuntimeOptions;
}

/** Where things lie in the folder of a measurement. */
export const backboneOf = ({ folder, backbone }: BenchSetup) =>
  backbone ?? join(folder, 'ViT-L-14');
export const runOf = ({ folder }: BenchSetup) => join(folder, 'run');
export const fittedOf = ({ folder }: BenchSetup) => join(folder, 'fitted');
export const imageOf = ({ folder }: BenchSetup) => join(folder, 'image.png');
export const cacheOf = ({ folder }: BenchSetup) => join(folder, 'cache');

/** The sizes of `openai/clip-vit-large-patch14-336`. */
export const vitLarge: ClipConfig = {
  embeddingWidth: 768,
  vision: {
    width: 1024,
    intermediateWidth: 4096,
    layers: 24,
    heads: 16,
    layerNormEpsilon: 1e-5,
    activation: 'quick_gelu',
    imageSize: 336,
    patchSize: 14,
  },
  text: {
    width: 768,
    intermediateWidth: 3072,
    layers: 12,
    heads: 12,
    layerNormEpsilon: 1e-5,
    activation: 'quick_gelu',
    contextLength: 77,
    vocabularySize: 49408,
  },
};

/** Normal images in the memory of methods that have one. */
const references = 4;

/** Writes the backbone, if it is to be made, an image, and a run that has learned nothing. */
export async function prepareBench(setup: BenchSetup): Promise<void> {
  const { config } = setup;
  const backbone = backboneOf(setup);
  if (setup.backbone === undefined) await writeRandomCheckpoint(backbone, vitLarge, 0);
  const { width, height, data } = randomImage(0);
  await sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toFile(imageOf(setup));

  const checkpoint = await openCheckpoint(backbone);
  const tokenizer = await loadTokenizer(backbone);
  const runtime = nodeRuntime(setup.runtime);
  const method = await openMethod({ checkpoint, tokenizer }, config, runtime, true);
  const values = method.loss
    ? trainingStep(method, true).parameters.initialise((name) => new Random(0, 'start', name))
    : {};
  const images = Array.from({ length: references }, (_, index) => {
    return () => imagePlanes(randomImage(index), method.imageSize);
  });
  const { sessionOptions } = checkpoint;
  const memory = remembersReferences(config)
    ? await rememberReferences(method, values, images, images, { runtime, sessionOptions, seed: 0 })
    : undefined;
  const run = new RunFolder(runOf(setup));
  await run.storeWeights(fittedTensors(values, memory));
  await run.finish({
    format: 'iqe-clip run',
    formatVersion: 1,
    createdWith: 'bench',
    finished: true,
    config,
    backboneIdentity: checkpoint.identity,
    data: { name: 'bench', hash: '', shots: { normal: [], abnormal: [] }, masks: true },
    decision: {
      calibration: { kind: 'identity' },
      threshold: null,
      mapThreshold: 0.5,
      chosenOn: 'support images',
    },
    history: [],
  });
}

/** A grey picture of 512 × 512 pixels: what is in it changes no figure. */
export function randomImage(seed: number) {
  const [width, height] = [512, 512];
  const random = new Random(seed, 'image');
  const data = Uint8Array.from({ length: width * height }, () => random.integer(256));
  return { width, height, channels: 1, data } as const;
}

/** Seconds that it takes to read all weights from first to last, as plain files. */
export async function secondsToReadWeights(setup: BenchSetup): Promise<number> {
  const folder = backboneOf(setup);
  const names = (await readdir(folder)).filter((name) => /\.(safetensors|bin)$/.test(name));
  const buffer = new Uint8Array(8 << 20);
  const started = performance.now();
  for (const name of names) {
    const file = await open(join(folder, name));
    try {
      while ((await file.read(buffer, 0, buffer.length)).bytesRead > 0);
    } finally {
      await file.close();
    }
  }
  return (performance.now() - started) / 1000;
}
