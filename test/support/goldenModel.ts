import { openCheckpoint } from '../../src/clip/checkpoint.node.js';
import { frozenImageTower, withActivation } from '../../src/clip/frozenImageTower.js';
import { clipDeviation, clipMean } from '../../src/clip/preprocess.js';
import { loadTokenizer } from '../../src/clip/tokenizer.node.js';
import { add, divide, multiply } from '../../src/graph/elementwise.js';
import { slice } from '../../src/graph/layout.js';
import type { SessionOptions } from '../../src/graph/session.js';
import { B } from '../../src/graph/shape.js';
import { constant, input, type Tensor } from '../../src/graph/tensor.js';
import { type ModelConfig, modelSchema } from '../../src/iqe/config.js';
import { iqeClip, type ModelOutputs } from '../../src/iqe/model.js';
import { promptTemplate } from '../../src/iqe/prompts.js';
import { Parameters } from '../../src/nn/parameters.js';
import { goldenFolder } from './shared.js';

export interface GoldenModel {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly outputs: ModelOutputs;
  readonly embedding: Tensor;
  readonly stages: readonly Tensor[];
  readonly promptIds: readonly (readonly number[])[];
  readonly sessionOptions: SessionOptions;
}

/** A recorded model as one graph from `image` [B, 3, S, S] in 0…1, on the recording's own checkpoint. */
export async function goldenModel(folder: string, settings: object): Promise<GoldenModel> {
  const config = modelSchema.parse(settings);
  const checkpoint = await openCheckpoint(`${goldenFolder}/${folder}/clip`);
  const tokenizer = await loadTokenizer(`${goldenFolder}/${folder}/clip`);
  const clip = withActivation(checkpoint.config, config.activation);
  const pixels = input('image', [B, 3, config.imageSize, config.imageSize]);
  const { hidden, embedding } = await frozenImageTower(
    checkpoint,
    normalized(pixels, config),
    clip,
  );
  const stages = config.stages!.map((stage) =>
    slice(hidden[stage]!, 1, 1, hidden[stage]!.shape[1] as number),
  );
  const prompt = await promptTemplate(config, checkpoint, tokenizer);
  const parameters = new Parameters();
  const text = { clip, weights: checkpoint.tensors.weights, prompt };
  const outputs = iqeClip({ embedding, stages }, text, parameters.weights, config);
  return {
    config,
    parameters,
    outputs,
    embedding,
    stages,
    promptIds: prompt.ids,
    sessionOptions: checkpoint.sessionOptions,
  };
}

function normalized(pixels: Tensor, config: ModelConfig): Tensor {
  if (config.inputNormalization === 'none') return pixels;
  const perChannel = (values: readonly number[]) => constant(values, [3, 1, 1]);
  const centred = add(pixels, multiply(perChannel(clipMean), -1));
  return divide(centred, perChannel(clipDeviation));
}
