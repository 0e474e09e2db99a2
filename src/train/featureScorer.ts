import { Random } from '../base/random.js';
import { compile } from '../graph/onnx.js';
import type { HostTensors, Runtime, Session, SessionOptions } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import { Parameters } from '../nn/parameters.js';
import { featureInputs } from './featureEncoder.js';
import { interludeInputs, interludeValues } from './interlude.js';
import type { RawPrediction } from './predictor.js';

/**
 * A method from the cached features of an image to score and map, with weights that are given anew
 * each time: what validates a training between epochs, without the image tower and without memory.
 */
export class FeatureScorer {
  readonly #method: Method;
  readonly #session: Session;
  readonly #reads: Session | undefined;

  private constructor(method: Method, session: Session, reads: Session | undefined) {
    this.#method = method;
    this.#session = session;
    this.#reads = reads;
  }

  static async create(
    method: Method,
    sessionOptions: SessionOptions,
    runtime: Runtime,
  ): Promise<FeatureScorer> {
    const features = featureInputs(method);
    const { weights } = new Parameters();
    const options = { ...sessionOptions, lean: true };
    const given = { ...features, ...interludeInputs(method.interlude) };
    const { map, score } = method.forward(given, weights);
    const reads = method.interlude?.reads(features, weights);
    return new FeatureScorer(
      method,
      await runtime.createSession(compile({ score, ...(map && { map }) }), options),
      reads && (await runtime.createSession(compile(reads), options)),
    );
  }

  /** @param features Of one image. */
  async score(features: HostTensors, values: HostTensors, seed: number): Promise<RawPrediction> {
    const feeds = { ...features, ...values };
    const given =
      this.#reads &&
      interludeValues(
        this.#method.interlude!,
        await this.#reads.run(feeds),
        1,
        () => new Random(seed, 'interlude'),
      );
    const { score, map } = await this.#session.run({ ...feeds, ...given });
    return {
      score: score!.data[0] as number,
      map: map && Float32Array.from(map.data as Float32Array),
    };
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.#reads?.release();
  }
}
