import type { Checkpoint } from '../clip/checkpoint.js';
import { withActivation } from '../clip/imageEncoder.js';
import { gridSize } from '../clip/imageTower.js';
import { cast } from '../graph/elementwise.js';
import { grad } from '../graph/gradient.js';
import { type CompiledGraph, compile } from '../graph/onnx.js';
import { B } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';
import type { ModelConfig } from '../iqe/config.js';
import { iqeClip, iqeLoss } from '../iqe/model.js';
import type { PromptTemplate } from '../iqe/prompts.js';
import { Dropout } from '../nn/dropout.js';
import { type Parameter, Parameters } from '../nn/parameters.js';

/** A whole training step but for the optimiser as one graph: forward, loss, backward. */
export interface TrainingStep {
  /** From features, label, mask, parameters and dropout masks to `loss` and a gradient per parameter. */
  readonly graph: CompiledGraph;
  readonly parameters: Parameters;
  /** Those that the loss depends on, in the order of the model. */
  readonly trained: readonly Parameter[];
  readonly dropout: Dropout;
}

/** Blocks whose output is a stage, counted from 1: every quarter of the depth unless given. */
export function stageBlocks(config: ModelConfig, layers: number): number[] {
  return (
    config.stages ?? [1, 2, 3, 4].map((quarter) => Math.max(1, Math.round((quarter * layers) / 4)))
  );
}

/** @param masks Whether the images have masks; else the image loss is all there is. */
export function trainingStep(
  checkpoint: Checkpoint,
  prompt: PromptTemplate,
  config: ModelConfig,
  masks: boolean,
): TrainingStep {
  const clip = withActivation(checkpoint.config, config.activation);
  const patches = gridSize(clip, config.imageSize) ** 2;
  const stages = stageBlocks(config, clip.vision.layers).map((_, index) =>
    cast(input(`stage${index}`, [B, patches, clip.vision.width], 'float16'), 'float32'),
  );
  const image = { embedding: input('embedding', [B, clip.embeddingWidth]), stages };
  const text = { clip, weights: checkpoint.tensors.weights, prompt };
  const dropout = new Dropout(config.queryModule.dropout);
  const parameters = new Parameters();
  const outputs = iqeClip(image, text, parameters.weights, config, dropout);
  const { total } = iqeLoss(
    outputs,
    input('label', [B]),
    masks ? input('mask', [B, config.imageSize, config.imageSize]) : undefined,
    config,
  );
  const trained = parameters.list;
  const gradients = grad(
    total,
    trained.map(({ tensor }) => tensor),
  );
  const fetched: Record<string, Tensor> = { loss: total };
  for (const [index, { name }] of trained.entries()) fetched[name] = gradients[index]!;
  return { graph: compile(fetched), parameters, trained, dropout };
}
