import { Random } from '../../src/base/random.js';
import { grad } from '../../src/graph/gradient.js';
import { compile } from '../../src/graph/onnx.js';
import { nodeRuntime } from '../../src/graph/runtime.node.js';
import type { HostTensor, HostTensors, SessionOptions } from '../../src/graph/session.js';
import { B } from '../../src/graph/shape.js';
import { input, type Tensor } from '../../src/graph/tensor.js';
import type { Method, MethodOutputs, Tensors, TrainingSettings } from '../../src/methods/method.js';
import { entryOf, type MethodName } from '../../src/methods/registry.js';
import { Adam, type Moments } from '../../src/nn/adam.js';
import { type Parameter, Parameters } from '../../src/nn/parameters.js';
import { host } from './evaluate.js';
import { drawSpot } from './smallDataSet.js';

/** A method as one graph from `pixelValues` [B, 3, S, S]. */
export interface BuiltMethod<Features, Outputs> {
  readonly features: Features;
  readonly outputs: Outputs;
  readonly parameters: readonly Parameter[];
  /** Start values of the parameters. */
  readonly start: Record<string, HostTensor>;
}

export function builtMethod<Features extends Tensors, Outputs extends MethodOutputs>(
  method: Method<Features, Outputs>,
  memory?: Tensors,
): BuiltMethod<Features, Outputs> {
  const { imageSize } = method;
  const parameters = new Parameters();
  const features = method.features(input('pixelValues', [B, 3, imageSize, imageSize]));
  const outputs = method.forward(features, parameters.weights, memory);
  const start = parameters.initialise((name) => new Random(1, name));
  return { features, outputs, parameters: parameters.list, start };
}

/** The loss and its gradients by all parameters, from `label` [B] and, if wanted, `mask` [B, S, S]. */
export function lossAndGradients<Features extends Tensors, Outputs extends MethodOutputs>(
  method: Method<Features, Outputs>,
  { outputs, parameters }: BuiltMethod<Features, Outputs>,
  masks = true,
): { loss: Tensor; gradients: Record<string, Tensor> } {
  const mask = input('mask', [B, method.imageSize, method.imageSize]);
  const loss = method.loss!(outputs, input('label', [B]), masks ? mask : undefined);
  const gradients = grad(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  return {
    loss,
    gradients: Object.fromEntries(parameters.map(({ name }, i) => [name, gradients[i]!])),
  };
}

/** Two normal images and two with a bright spot, as a method is given them. */
export function spotImages(
  imageSize: number,
): Record<'pixelValues' | 'label' | 'mask', HostTensor> {
  const drawn = [0, 1, 0, 1].map((abnormal, index) =>
    drawSpot(imageSize, abnormal === 1, new Random(index, 'spot images')),
  );
  const planes = drawn.flatMap(({ image }) => {
    const plane = Array.from(image, (byte) => (byte / 255 - 0.4) / 0.27);
    return [...plane, ...plane, ...plane];
  });
  return {
    pixelValues: host(planes, [drawn.length, 3, imageSize, imageSize]),
    label: host([0, 1, 0, 1], [drawn.length]),
    mask: host(
      drawn.flatMap(({ mask }) => Array.from(mask, (byte) => byte / 255)),
      [drawn.length, imageSize, imageSize],
    ),
  };
}

/** Trains on {@link spotImages} with the method's own optimiser: the loss before each step. */
export async function trainOnSpots<Features extends Tensors, Outputs extends MethodOutputs>(
  method: Method<Features, Outputs>,
  steps: number,
  options: SessionOptions,
  learningRate = trainingOf(method).learningRate,
): Promise<{ losses: number[]; values: HostTensors }> {
  const built = builtMethod(method);
  const { loss, gradients } = lossAndGradients(method, built);
  const runtime = nodeRuntime({ threads: 1 });
  const session = await runtime.createSession(compile({ ...gradients, loss }), options);
  const values = built.start;
  const moments: Record<string, Moments> = {};
  const losses: number[] = [];
  const adam = new Adam();
  const images = spotImages(method.imageSize);
  for (let step = 1; step <= steps; step++) {
    const results = await session.run({ ...images, ...values });
    losses.push(results.loss!.data[0] as number);
    for (const { name } of built.parameters) {
      const value = values[name]!.data as Float32Array;
      moments[name] ??= {
        first: new Float32Array(value.length),
        second: new Float32Array(value.length),
      };
      adam.step(value, results[name]!.data as Float32Array, moments[name], step, {
        learningRate,
        betas: trainingOf(method).betas,
        epsilon: 1e-8,
      });
    }
  }
  await session.release();
  return { losses, values };
}

/** How the authors of a method train it. */
export function trainingOf({ name }: { readonly name: string }): TrainingSettings {
  return entryOf(name as MethodName).training!;
}
