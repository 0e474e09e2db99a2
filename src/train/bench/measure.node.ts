import { floatToHalf } from '../../clip/halfPrecision.js';
import { ImageEncoder, type ImageFeatures } from '../../clip/imageEncoder.js';
import { gridSize } from '../../clip/imageTower.js';
import { readImage } from '../../data/decode.node.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { HostTensor } from '../../graph/session.js';
import { promptTemplate } from '../../iqe/prompts.js';
import { type BackboneOptions, openBackbone } from '../backbone.node.js';
import { FeatureCache } from '../featureCache.node.js';
import { fitFewShot, type LabelledImage } from '../fewShot.js';
import { openRun, RunFolder } from '../runFolder.node.js';
import { Trainer, type TrainingExample } from '../trainer.js';
import { stageBlocks } from '../trainingStep.js';
import { peakMemoryMB } from './memory.node.js';
import { matrixProductRate } from './peak.js';
import {
  type BenchSetup,
  backboneOf,
  cacheOf,
  fittedOf,
  imageOf,
  randomImage,
  runOf,
} from './setup.node.js';
import { median, medianSeconds, secondsOf } from './timing.js';

export type Precision = 'fp32' | 'int8';

/** GFLOP/s of this machine's matrix products. */
export function measureRate({ runtime }: BenchSetup): Promise<number> {
  return matrixProductRate(nodeRuntime(runtime));
}

export interface TowerFigures {
  /** Seconds per image. */
  readonly seconds: number;
  readonly peakMB: number;
}

export interface TowerTask {
  readonly precision: Precision;
  readonly batchSize: number;
  /** The figure is the median of so many. */
  readonly runs: number;
}

/** The frozen image tower on batches of images that are in memory. */
export async function measureTower(
  setup: BenchSetup,
  { precision, batchSize, runs }: TowerTask,
): Promise<TowerFigures> {
  const { model } = setup.config;
  const { checkpoint } = await openBackbone(backboneOf(setup), backboneOptions(setup, precision));
  const stages = stageBlocks(model, checkpoint.config.vision.layers);
  const { imageSize, activation } = model;
  const encoder = await ImageEncoder.create(
    checkpoint,
    { imageSize, stages, activation },
    nodeRuntime(setup.runtime),
  );
  const shape = [batchSize, 3, imageSize, imageSize];
  const data = new Float32Array(batchSize * 3 * imageSize * imageSize);
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(i);
  const pixelValues: HostTensor = { data, shape };
  const seconds = await medianSeconds(() => encoder.encode(pixelValues), runs);
  return { seconds: seconds / batchSize, peakMB: await peakMemoryMB() };
}

export interface PredictTask {
  readonly precision: Precision;
  /** How many images are measured, after a first one, which does not count. */
  readonly images: number;
  /** How many there are in all, as far as `predict` knows: it prepares for them. */
  readonly among?: number;
}

export interface PredictFigures {
  /** Seconds per image: reading the file, resizing, the model, the map at the image's size. */
  readonly seconds: number;
  readonly peakMB: number;
}

/**
 * What `iqe-clip predict` does with each of several images.
 *
 * @param onFirstScore Called when the first image's score is known.
 */
export async function measurePredict(
  setup: BenchSetup,
  { precision, images, among = images }: PredictTask,
  onFirstScore: () => void,
): Promise<PredictFigures> {
  const { detector } = await openRun(runOf(setup), nodeRuntime(setup.runtime), {
    ...backboneOptions(setup, precision),
    backbone: backboneOf(setup),
    images: among,
  });
  const predictOne = async () => detector.predict(await readImage(imageOf(setup)));
  await predictOne();
  onFirstScore();
  const times: number[] = [];
  while (times.length < images) times.push(await secondsOf(predictOne));
  return { seconds: median(times), peakMB: await peakMemoryMB() };
}

export interface TrainingFigures {
  /** Seconds of a step of a whole batch. */
  readonly stepSeconds: number;
  /** Seconds of the whole run: measured but for the epochs that were left out. */
  readonly runSeconds: number;
  readonly peakMB: number;
}

/** Epochs that are measured; the others take as long as the last ones. */
const measuredEpochs = 3;

/**
 * Few-shot training as `iqe-clip fit` does it: features of all views, the first epochs, the threshold;
 * scaled to `setup.config.training.epochs`.
 *
 * @param shots Normal images, and as many abnormal ones.
 */
export async function measureTraining(
  setup: BenchSetup,
  { shots }: { readonly shots: number },
): Promise<TrainingFigures> {
  const { config } = setup;
  const { epochs, batchSize } = config.training;
  const measured = Math.min(epochs, measuredEpochs);
  const support = Array.from({ length: 2 * shots }, (_, index) => supportImage(index));
  const views = support.length * config.training.augmentations.length;
  const stepsPerEpoch = Math.ceil(views / batchSize);
  const times: number[] = [];
  const started = performance.now();
  await fitFewShot(
    await openBackbone(backboneOf(setup)),
    { ...config, training: { ...config.training, epochs: measured } },
    support,
    [],
    new FeatureCache(cacheOf(setup)),
    nodeRuntime(setup.runtime),
    {
      restore: async (start) => {
        times.push(performance.now());
        return start;
      },
      onStep: async () => {
        times.push(performance.now());
      },
      storeWeights: (values) => new RunFolder(fittedOf(setup)).storeWeights(values),
    },
  );
  const total = (performance.now() - started) / 1000;
  const steps = times.slice(1).map((time, index) => (time - times[index]!) / 1000);
  const full = steps.filter(
    (_, index) => index > 0 && isFull(index, stepsPerEpoch, views, batchSize),
  );
  const later = steps.slice(-stepsPerEpoch).reduce((sum, step) => sum + step, 0);
  return {
    stepSeconds: median(full.length > 0 ? full : steps),
    runSeconds: total + (epochs - measured) * later,
    peakMB: await peakMemoryMB(),
  };
}

/** Whether a step has a whole batch; the last one of an epoch may have fewer images. */
function isFull(step: number, stepsPerEpoch: number, images: number, batchSize: number): boolean {
  return step % stepsPerEpoch < stepsPerEpoch - 1 || images % batchSize === 0;
}

export interface StepFigures {
  /** Seconds of a step of a whole batch. */
  readonly seconds: number;
  readonly peakMB: number;
}

/**
 * Training steps of `setup.config.training.batchSize` images whose features are in memory.
 *
 * @param runs The figure is the median of so many steps, after a first one.
 */
export async function measureSteps(
  setup: BenchSetup,
  { runs }: { readonly runs: number },
): Promise<StepFigures> {
  const { model, training, seed } = setup.config;
  const { checkpoint, tokenizer } = await openBackbone(backboneOf(setup));
  const trainer = await Trainer.create(
    {
      checkpoint,
      prompt: await promptTemplate(model, checkpoint, tokenizer),
      model,
      training: { ...training, epochs: 1 + runs },
      seed,
      masks: true,
    },
    nodeRuntime(setup.runtime),
  );
  const { config } = checkpoint;
  const features = randomFeatures(
    stageBlocks(model, config.vision.layers).length,
    [1, gridSize(config, model.imageSize) ** 2, config.vision.width],
    [1, config.embeddingWidth],
  );
  const mask = new Uint8Array(model.imageSize ** 2).fill(1, 0, 100);
  const examples = Array.from({ length: training.batchSize }, (_, index): TrainingExample => {
    const label = index % 2 === 0 ? 0 : 1;
    return { features: async () => features, label, mask };
  });
  const times: number[] = [];
  await trainer.train(trainer.start(), examples, {
    onStep: async () => {
      times.push(performance.now() / 1000);
    },
  });
  const steps = times.slice(1).map((time, index) => time - times[index]!);
  return { seconds: median(steps), peakMB: await peakMemoryMB() };
}

function randomFeatures(
  stages: number,
  stageShape: readonly number[],
  embeddingShape: readonly number[],
): ImageFeatures {
  const values = (shape: readonly number[]) =>
    Array.from({ length: shape.reduce((size, next) => size * next, 1) }, (_, at) => Math.sin(at));
  const halves = Uint16Array.from(values(stageShape), floatToHalf);
  return {
    stages: Array.from({ length: stages }, () => ({ data: halves, shape: stageShape })),
    embedding: { data: Float32Array.from(values(embeddingShape)), shape: embeddingShape },
  };
}

function supportImage(index: number): LabelledImage {
  const image = randomImage(index);
  const label = index % 2 === 0 ? 0 : 1;
  const { width, height } = image;
  const data = new Float32Array(width * height);
  if (label === 1) data.fill(1, 0, data.length / 4);
  return { label, image: async () => image, mask: async () => ({ width, height, data }) };
}

function backboneOptions(setup: BenchSetup, precision: Precision): BackboneOptions {
  if (precision === 'fp32') return {};
  return { int8: { runtime: nodeRuntime(setup.runtime), cacheFolder: cacheOf(setup) } };
}
