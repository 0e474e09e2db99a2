import { floatToHalf } from '../../clip/halfPrecision.js';
import { measureInt8 } from '../../clip/int8Support.js';
import { imagePlanes } from '../../clip/preprocess.js';
import { readImage } from '../../data/decode.node.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { HostTensor, HostTensors } from '../../graph/session.js';
import type { Method } from '../../methods/method.js';
import { type BackboneOptions, openBackbone } from '../backbone.node.js';
import { synthesisedExamples, type TrainingExample } from '../examples.js';
import { FeatureCache } from '../featureCache.node.js';
import { FeatureEncoder, featurePorts } from '../featureEncoder.js';
import { fitFewShot } from '../fewShot.js';
import { openMethod } from '../openMethod.js';
import { openRun, RunFolder } from '../runFolder.node.js';
import type { LabelledImage } from '../supportViews.js';
import { Trainer } from '../trainer.js';
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

/** Whether this machine has products of int8 that keep whole sums, as VNNI has and AVX2 alone has not. */
export async function measureInt8Products({ runtime }: BenchSetup): Promise<boolean> {
  return !(await measureInt8(nodeRuntime(runtime))).saturates;
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
  const runtime = nodeRuntime(setup.runtime);
  const backbone = await openBackbone(backboneOf(setup), backboneOptions(setup, precision));
  const method = await openMethod(backbone, setup.config, runtime, true);
  const encoder = await FeatureEncoder.create(method, backbone.checkpoint.sessionOptions, runtime);
  const pixelValues = wavyPixels(batchSize, method.imageSize);
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

/** What `iqe-clip predict` does with each of several images, one after the other. */
export async function measurePredict(
  setup: BenchSetup,
  { precision, images, among = images }: PredictTask,
): Promise<PredictFigures> {
  const { detector } = await openRun(runOf(setup), nodeRuntime(setup.runtime), {
    ...backboneOptions(setup, precision),
    backbone: backboneOf(setup),
    graphs: { folder: cacheOf(setup), version: 'bench' },
    images: among,
  });
  const predictOne = async () => detector.predict(await readImage(imageOf(setup)));
  await predictOne();
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
  /** Numbers that are trained. */
  readonly parameters: number;
}

/**
 * Training steps of `setup.config.training.batchSize` images whose features are in memory, or are
 * made in the step where the method changes images itself.
 *
 * @param runs The figure is the median of so many steps, after a first one.
 */
export async function measureSteps(
  setup: BenchSetup,
  { runs }: { readonly runs: number },
): Promise<StepFigures> {
  const { training, seed } = setup.config;
  const runtime = nodeRuntime(setup.runtime);
  const backbone = await openBackbone(backboneOf(setup));
  const { sessionOptions } = backbone.checkpoint;
  const method = await openMethod(backbone, setup.config, runtime, true);
  const trainer = new Trainer(
    { method, sessionOptions, training: { ...training, epochs: 1 + runs }, seed, masks: true },
    runtime,
  );
  const examples = method.synthesise
    ? synthesisedExamples(
        method,
        Array.from({ length: training.batchSize }, (_, index) =>
          imagePlanes(randomImage(index), method.imageSize),
        ),
        await FeatureEncoder.create(method, sessionOptions, runtime),
        true,
      )
    : wavyExamples(method, training.batchSize);
  const state = trainer.start();
  const times: number[] = [];
  await trainer.train(state, examples, {
    onStep: async () => {
      times.push(performance.now() / 1000);
    },
  });
  const steps = times.slice(1).map((time, index) => time - times[index]!);
  const parameters = Object.values(state.values).reduce((sum, { data }) => sum + data.length, 0);
  return { seconds: median(steps), peakMB: await peakMemoryMB(), parameters };
}

function wavyExamples(method: Method, count: number): TrainingExample[] {
  const features = wavyFeatures(method);
  const mask = new Uint8Array(method.imageSize ** 2).fill(1, 0, 100);
  return Array.from({ length: count }, (_, index): TrainingExample => {
    const label = index % 2 === 0 ? 0 : 1;
    return { hasMask: true, load: async () => ({ features, label, mask }) };
  });
}

/** Pixels [B, 3, S, S]: what is in them changes no figure. */
function wavyPixels(batch: number, imageSize: number): HostTensor {
  const data = new Float32Array(batch * 3 * imageSize * imageSize);
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(i);
  return { data, shape: [batch, 3, imageSize, imageSize] };
}

/** Features of one image, without the tower, whose memory would be measured too. */
function wavyFeatures(method: Method): HostTensors {
  const features = featurePorts(method).map(({ node, shape, dataType }) => {
    const own = [1, ...(shape.slice(1) as number[])];
    const length = own.reduce((size, next) => size * next, 1);
    const values = Float32Array.from({ length }, (_, at) => Math.sin(at));
    const data = dataType === 'float16' ? Uint16Array.from(values, floatToHalf) : values;
    return [node.name!, { data, shape: own }];
  });
  return Object.fromEntries(features);
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
