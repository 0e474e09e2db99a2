import { joinFloats } from '../../base/bytes.js';
import { throwIfAborted } from '../../base/errors.js';
import type { Checkpoint } from '../../clip/checkpoint.js';
import { gridSize } from '../../clip/imageTower.js';
import { imagePlanes } from '../../clip/preprocess.js';
import type { Tokenizer } from '../../clip/tokenizer.js';
import { type Modality, modalities } from '../../data/phantoms/phantom.js';
import { phantomAt } from '../../data/phantoms/phantomSet.js';
import type { Runtime } from '../../graph/session.js';
import { auroc } from '../../metrics/auroc.js';
import { countThresholds } from '../../metrics/thresholdCounts.js';
import { encodeTexts } from './encodeTexts.js';
import { ProbeEncoder, type ProbeFeatures } from './probeFeatures.js';
import { fitRidge, predictRidge } from './ridge.js';
import { patchCoverage } from './views.js';

export interface ProbeOptions {
  /** Seed of the phantoms; another than the one of pretraining. */
  readonly seed: number;
  /** Phantoms that the linear probe is fitted to, and phantoms that everything is measured on. */
  readonly fitted: number;
  readonly measured: number;
  readonly runtime: Runtime;
  readonly signal?: AbortSignal | undefined;
}

/** What a backbone knows of phantoms that it has not seen; all AUROCs 0…1, chance 0.5. */
export interface ProbeResult {
  /** Abnormal images told by 'a photo of a(n) (ab)normal class'. */
  readonly imageAuroc: number;
  /** Share of images whose modality is the nearest of the modalities' prompts. */
  readonly modalityAccuracy: number;
  /** Patches of lesions told by the same two prompts, from the last block through CLIP's head. */
  readonly patchAuroc: number;
  /** Patches of lesions told by a linear probe on the output of each quarter of the blocks. */
  readonly patchProbeAuroc: readonly number[];
  /** Abnormal images told by a linear probe on the class token's embedding. */
  readonly imageProbeAuroc: number;
}

const modalityPrompts: Readonly<Record<Modality, string>> = {
  'brain-mr': 'an MRI of the brain',
  'head-ct': 'a head CT',
  'chest-xray': 'a chest X-ray',
  'abdominal-ct': 'a CT scan of the abdomen',
  'retinal-oct': 'a retinal OCT scan',
  ultrasound: 'an ultrasound image',
  histology: 'a histology image',
  mammography: 'a mammogram',
  dermoscopy: 'a dermoscopy image',
};

const statePrompts = ['a photo of a normal class', 'a photo of a abnormal class'];

const penalty = 1e-3;

interface EncodedPhantom extends ProbeFeatures {
  readonly modality: Modality;
  readonly isAbnormal: boolean;
  readonly coverage: Float32Array;
}

/** Measures a backbone on phantoms; see {@link ProbeResult}. */
export async function probeBackbone(
  backbone: { readonly checkpoint: Checkpoint; readonly tokenizer: Tokenizer },
  options: ProbeOptions,
): Promise<ProbeResult> {
  const { checkpoint, tokenizer } = backbone;
  const { fitted, measured } = options;
  const texts = [...statePrompts, ...modalities.map((modality) => modalityPrompts[modality])];
  const embeddings = await encodeTexts(checkpoint, tokenizer, texts, options.runtime);
  const phantoms = await encodePhantoms(checkpoint, fitted + measured, options);
  const training = phantoms.slice(0, fitted);
  const testing = phantoms.slice(fitted);

  const [normal, abnormal] = embeddings as [Float32Array, Float32Array];
  const direction = abnormal.map((value, index) => value - normal[index]!);
  const alongState = (rows: Float32Array) => along(rows, direction);
  const hits = testing.filter(({ embedding, modality }) => {
    const scores = embeddings.slice(2).map((text) => along(embedding, text)[0]!);
    return modalities[scores.indexOf(Math.max(...scores))] === modality;
  });
  const stageCount = testing[0]!.stages.length;
  return {
    imageAuroc: areaOf(
      testing.map(({ embedding }) => alongState(embedding)[0]!),
      testing.map(({ isAbnormal }) => isAbnormal),
    ),
    modalityAccuracy: hits.length / testing.length,
    patchAuroc: patchArea(testing, ({ patchEmbeddings }) => alongState(patchEmbeddings)),
    patchProbeAuroc: Array.from({ length: stageCount }, (_, stage) =>
      probePatches(training, testing, stage),
    ),
    imageProbeAuroc: probeImages(training, testing),
  };
}

function probeImages(training: readonly EncodedPhantom[], testing: readonly EncodedPhantom[]) {
  const rows = (phantoms: readonly EncodedPhantom[]) =>
    joinFloats(phantoms.map(({ embedding }) => embedding));
  const labels = (phantoms: readonly EncodedPhantom[]) =>
    phantoms.map(({ isAbnormal }) => (isAbnormal ? 1 : 0));
  const ones = training.map(() => 1);
  const model = fitRidge(rows(training), labels(training), ones, 0.1);
  return areaOf(predictRidge(rows(testing), model), labels(testing));
}

function probePatches(
  training: readonly EncodedPhantom[],
  testing: readonly EncodedPhantom[],
  stage: number,
): number {
  const rows = joinFloats(training.map(({ stages }) => stages[stage]!));
  const coverage = joinFloats(training.map((phantom) => phantom.coverage));
  const labels = Array.from(coverage, (share) => (share >= 0.5 ? 1 : 0));
  const lesions = coverage.reduce((count, share) => count + (share >= 0.5 ? 1 : 0), 0);
  const healthy = coverage.reduce((count, share) => count + (share === 0 ? 1 : 0), 0);
  const weights = Array.from(coverage, (share) =>
    share >= 0.5 ? 1 / lesions : share === 0 ? 1 / healthy : 0,
  );
  const model = fitRidge(rows, labels, weights, penalty);
  return patchArea(testing, ({ stages }) => predictRidge(stages[stage]!, model));
}

/** AUROC over all patches that are lesion by half or more against those without any. */
function patchArea(
  phantoms: readonly EncodedPhantom[],
  scoresOf: (phantom: EncodedPhantom) => Float64Array,
): number {
  const scores: number[] = [];
  const labels: boolean[] = [];
  for (const phantom of phantoms) {
    const values = scoresOf(phantom);
    for (const [patch, share] of phantom.coverage.entries()) {
      if (share > 0 && share < 0.5) continue;
      scores.push(values[patch]!);
      labels.push(share > 0);
    }
  }
  return areaOf(scores, labels);
}

function areaOf(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): number {
  return auroc(countThresholds(scores, labels)) ?? Number.NaN;
}

async function encodePhantoms(
  checkpoint: Checkpoint,
  count: number,
  { seed, runtime, signal }: ProbeOptions,
): Promise<EncodedPhantom[]> {
  const { imageSize, patchSize } = checkpoint.config.vision;
  const grid = gridSize(checkpoint.config, imageSize);
  const everyPatch = Array.from({ length: grid * grid }, (_, patch) => patch);
  const encoder = await ProbeEncoder.create(checkpoint, runtime);
  const encoded: EncodedPhantom[] = [];
  for (let index = 0; index < count; index++) {
    throwIfAborted(signal);
    const phantom = phantomAt({ seed, size: imageSize }, index);
    encoded.push({
      ...(await encoder.encode(imagePlanes(phantom.image, imageSize))),
      modality: phantom.modality,
      isAbnormal: phantom.lesion !== null,
      coverage: patchCoverage(phantom, { right: 0, down: 0 }, everyPatch, patchSize),
    });
  }
  await encoder.release();
  return encoded;
}

/** The dot product of each row with `direction`. */
function along(rows: Float32Array, direction: Float32Array): Float64Array {
  return predictRidge(rows, { weights: Float64Array.from(direction), bias: 0 });
}
