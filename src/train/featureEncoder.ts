import { cast } from '../graph/elementwise.js';
import { compile } from '../graph/onnx.js';
import type {
  HostTensor,
  HostTensors,
  Runtime,
  Session,
  SessionOptions,
} from '../graph/session.js';
import { B } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';
import type { Method, Tensors } from '../methods/method.js';

/** Normalised pixels [B, 3, S, S], as a graph is fed them. */
export function pixelInput({ imageSize }: Pick<Method, 'imageSize'>): Tensor {
  return input('pixelValues', [B, 3, imageSize, imageSize]);
}

/**
 * Tokens [B, N, D] are kept and trained on in half precision (the bits in a Uint16Array); what is one
 * row an image is not worth it.
 */
function isHalf({ rank }: Tensor): boolean {
  return rank > 2;
}

/** The features of a method as inputs of a graph, as {@link FeatureEncoder} gives them. */
export function featureInputs(method: Method): Tensors {
  const fed = featurePorts(method).map((port) => [
    port.node.name!,
    port.dataType === 'float16' ? cast(port, 'float32') : port,
  ]);
  return Object.fromEntries(fed);
}

/** The same as they are fed: [B, …] each, under its name. */
export function featurePorts(method: Method): Tensor[] {
  const features = Object.entries(method.features(pixelInput(method)));
  return features.map(([name, tensor]) =>
    input(name, tensor.shape, isHalf(tensor) ? 'float16' : 'float32'),
  );
}

/** The frozen part of a method, ready to run. */
export class FeatureEncoder {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async create(
    method: Pick<Method, 'imageSize' | 'features'>,
    sessionOptions: SessionOptions,
    runtime: Runtime,
  ): Promise<FeatureEncoder> {
    const features = Object.entries(method.features(pixelInput(method)));
    const outputs = features.map(([name, tensor]) => [
      name,
      isHalf(tensor) ? cast(tensor, 'float16') : tensor,
    ]);
    const graph = compile(Object.fromEntries(outputs));
    return new FeatureEncoder(await runtime.createSession(graph, sessionOptions));
  }

  /** @param pixelValues Normalised pixels [B, 3, S, S]. */
  async encode(pixelValues: HostTensor): Promise<HostTensors> {
    return this.#session.run({ pixelValues });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
