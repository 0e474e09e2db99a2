import { throwIfAborted } from '../../base/errors.js';
import type { ProgressCallback } from '../../base/progress.js';
import { Random } from '../../base/random.js';
import type { ClipConfig } from '../../clip/config.js';
import type { Tokenizer } from '../../clip/tokenizer.js';
import type { HostTensor, Runtime } from '../../graph/session.js';
import { AdamW, learningRateAt } from './adamW.js';
import { PhantomPool } from './phantomPool.js';
import { PretrainStep, type StepLoss } from './pretrainStep.js';
import { clipConfigOf, type Recipe } from './recipe.js';
import { learnVocabulary } from './vocabulary.js';

export interface PretrainOptions {
  readonly runtime: Runtime;
  readonly onProgress?: ProgressCallback | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PretrainedClip {
  readonly config: ClipConfig;
  readonly tokenizer: Tokenizer;
  /** All weights under Hugging Face's names. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
  readonly curve: readonly StepLoss[];
}

/** e^s never exceeds 100, as in CLIP. */
const largestLogScale = Math.log(100);

/**
 * Trains a small CLIP from scratch on phantoms and their captions: CLIP's contrastive loss, and two
 * terms that tell normal from abnormal images and patches by the prompts for the two states.
 *
 * The same recipe gives the same bytes on one machine with one number of threads.
 *
 * @throws {IqeError} `interrupted` when `signal` is aborted
 */
export async function pretrainClip(
  recipe: Recipe,
  { runtime, onProgress, signal }: PretrainOptions,
): Promise<PretrainedClip> {
  const { seed, batchSize, phases } = recipe;
  const { tokenizer, tokens } = learnVocabulary(recipe);
  const config = clipConfigOf(recipe, tokenizer.vocabularySize);
  const total = phases.reduce((steps, phase) => steps + phase.steps, 0);
  const pool = new PhantomPool({
    seed,
    modalities: recipe.modalities,
    size: recipe.imageSize,
  });
  const first = total === 0 ? 0 : Math.max(recipe.firstImages, batchSize);
  while (pool.length < first) {
    throwIfAborted(signal);
    pool.grow();
    onProgress?.({ stage: 'drawing', done: pool.length, total: first, unit: 'images' });
    // Lets signals and reports through between two pictures.
    await new Promise((resolve) => setTimeout(resolve));
  }

  const optimiser = new AdamW({
    betas: recipe.betas,
    epsilon: 1e-6,
    weightDecay: recipe.weightDecay,
    gradientNorm: recipe.gradientNorm,
  });
  const rate = {
    peak: recipe.learningRate,
    warmUp: recipe.warmUpSteps,
    total,
    finalShare: recipe.finalRate,
  };
  const curve: StepLoss[] = [];
  const clip = { config, tokenizer, tokens };
  let tensors: Record<string, HostTensor> | undefined;
  for (const phase of phases) {
    const training = await PretrainStep.create(clip, recipe, phase.patches, runtime);
    tensors ??= training.startValues(seed);
    try {
      for (let done = 0; done < phase.steps; done++) {
        throwIfAborted(signal);
        const step = curve.length + 1;
        const random = new Random(seed, 'batch', step);
        training.batch.fill(pool, drawIndices(pool.length, recipe, random), random);
        const running = training.run(tensors);
        // The network runs in threads of its own; pictures for later steps are drawn meanwhile.
        for (let image = 0; image < recipe.imagesPerStep; image++) pool.grow();
        const losses = await running;
        optimiser.step(tensors, training.gradients, learningRateAt(step, rate));
        const logScale = tensors.logit_scale!.data as Float32Array;
        logScale[0] = Math.min(logScale[0]!, largestLogScale);
        curve.push(losses);
        onProgress?.({ stage: 'pretraining', done: step, total, unit: 'steps', loss: losses.loss });
      }
    } finally {
      await training.release();
    }
  }
  return { config, tokenizer, tensors: tensors!, curve };
}

/** The newest phantoms and random earlier ones, none twice. */
function drawIndices(available: number, recipe: Recipe, random: Random): number[] {
  const fresh = Math.min(recipe.imagesPerStep, recipe.batchSize);
  const chosen = new Set<number>();
  for (let newest = 1; newest <= fresh; newest++) chosen.add(available - newest);
  while (chosen.size < recipe.batchSize) chosen.add(random.integer(available));
  return [...chosen];
}
