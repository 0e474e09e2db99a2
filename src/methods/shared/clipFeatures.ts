import { IqeError } from '../../base/errors.js';
import type { Checkpoint } from '../../clip/checkpoint.js';
import type { ClipConfig } from '../../clip/config.js';
import { frozenImageStart } from '../../clip/frozenImageTower.js';
import { imageTower } from '../../clip/imageTower.js';
import { slice } from '../../graph/layout.js';
import type { Tensor } from '../../graph/tensor.js';

/** What methods read of the unchanged image tower. */
export interface ClipFeatures {
  readonly [name: string]: Tensor;
  /** x_cls [B, C]: the projected class token, not normalised. */
  readonly embedding: Tensor;
  /** Patch tokens [B, G², D] after a block, raw, for each stage: `stage0`, `stage1`, … */
  readonly [stage: `stage${number}`]: Tensor;
}

/**
 * The frozen image tower from pixels to the class token and the patch tokens of some blocks.
 *
 * @param stages Blocks, counted from 1.
 * @throws {IqeError} `config` if the tower has no such block.
 */
export async function clipFeatures(
  checkpoint: Checkpoint,
  clip: ClipConfig,
  imageSize: number,
  stages: readonly number[],
): Promise<(pixelValues: Tensor) => ClipFeatures> {
  checkStages(stages, clip);
  const start = await frozenImageStart(checkpoint, imageSize);
  return (pixelValues) => {
    const inputs = { pixelValues, ...start };
    const { hidden, embedding } = imageTower(inputs, checkpoint.tensors.weights, clip);
    const tokens = stages.map((stage) => withoutClassToken(hidden[stage]!));
    return { embedding, ...Object.fromEntries(tokens.map((x, index) => [`stage${index}`, x])) };
  };
}

/** What {@link clipFeatures} depends on besides backbone, image size and normalisation. */
export function clipFeatureSettings({ vision }: ClipConfig, stages: readonly number[]) {
  return { kind: 'stages', stages, activation: vision.activation };
}

/** The patch tokens of all stages in their order. */
export function stageTokens(features: Readonly<Record<string, Tensor>>): Tensor[] {
  const tokens: Tensor[] = [];
  for (let stage = 0; features[`stage${stage}`]; stage++) tokens.push(features[`stage${stage}`]!);
  return tokens;
}

/** [B, 1 + N, D] → [B, N, D] */
export function withoutClassToken(x: Tensor): Tensor {
  return slice(x, 1, 1, x.shape[1] as number);
}

/** Blocks after each quarter of the depth, counted from 1: 6, 12, 18, 24 of 24. */
export function quarters(layers: number): number[] {
  return [1, 2, 3, 4].map((quarter) => Math.max(1, Math.round((quarter * layers) / 4)));
}

/** @throws {IqeError} `config` unless every stage is a block of the image tower. */
export function checkStages(stages: readonly number[], { vision }: ClipConfig): void {
  for (const stage of stages) {
    if (stage >= 1 && stage <= vision.layers) continue;
    throw new IqeError(
      'config',
      `Stage ${stage} is no block of an image tower of ${vision.layers}.`,
      { hint: `Stages are counted from 1 to ${vision.layers} with this backbone.` },
    );
  }
}
