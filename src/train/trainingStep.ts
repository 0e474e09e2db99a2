import { grad } from '../graph/gradient.js';
import { type CompiledGraph, compile } from '../graph/onnx.js';
import { B } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';
import type { Method } from '../methods/method.js';
import { BatchStatistics, isRunningStatistic } from '../nn/convolution.js';
import { Dropout } from '../nn/dropout.js';
import { type Parameter, Parameters } from '../nn/parameters.js';
import { featureInputs } from './featureEncoder.js';
import { interludeInputs } from './interlude.js';

/** A whole training step but for the optimiser as one graph: forward, loss, backward. */
export interface TrainingStep {
  /** From features, label, mask, parameters and dropout masks to `loss` and a gradient per parameter. */
  readonly graph: CompiledGraph;
  /** What the method's interlude reads, where there is one, from features and parameters. */
  readonly reads: CompiledGraph | undefined;
  readonly parameters: Parameters;
  /** Those that a step changes, in the order of the model. */
  readonly trained: readonly Parameter[];
  /** Running statistics of batch norm, whose new values are outputs under {@link updatePrefix}. */
  readonly running: readonly Parameter[];
  readonly dropout: Dropout;
}

export const updatePrefix = 'update/';

/** @param masks Whether the images have masks; else the loss has nothing that reads them. */
export function trainingStep(method: Method, masks: boolean): TrainingStep {
  const size = method.imageSize;
  const features = featureInputs(method);
  const dropout = new Dropout(method.dropout ?? 0);
  const parameters = new Parameters();
  const given = { ...features, ...interludeInputs(method.interlude) };
  const statistics = new BatchStatistics();
  const outputs = method.forward(given, parameters.weights, undefined, dropout, statistics);
  const mask = masks ? input('mask', [B, size, size]) : undefined;
  const loss = method.loss!(outputs, input('label', [B]), mask);
  const running = statistics.updates;
  const trained = parameters.list.filter(
    ({ name }) => !isRunningStatistic(name) && (method.trains?.(name, masks) ?? true),
  );
  const gradients = grad(
    loss,
    trained.map(({ tensor }) => tensor),
  );
  const fetched: Record<string, Tensor> = { loss };
  for (const [index, { name }] of trained.entries()) fetched[name] = gradients[index]!;
  for (const [name, update] of Object.entries(running)) fetched[`${updatePrefix}${name}`] = update;
  const reads = method.interlude?.reads(features, parameters.weights);
  return {
    graph: compile(fetched),
    reads: reads && compile(reads),
    parameters,
    trained,
    running: parameters.list.filter(({ name }) => Object.hasOwn(running, name)),
    dropout,
  };
}
