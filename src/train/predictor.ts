import { Random } from '../base/random.js';
import { normalizePlanes } from '../clip/preprocess.js';
import { foldedConstants } from '../graph/fold.js';
import { type CompiledGraph, compile } from '../graph/onnx.js';
import type {
  HostTensor,
  HostTensors,
  Runtime,
  Session,
  SessionOptions,
} from '../graph/session.js';
import { input, type Tensor } from '../graph/tensor.js';
import type { ImageOutputs, Method, Tensors } from '../methods/method.js';
import { pixelInput } from './featureEncoder.js';
import type { FittedWeights } from './fittedWeights.js';
import { interludeInputs, interludeValues } from './interlude.js';

/** What the model says of one image, before calibration. */
export interface RawPrediction {
  /** The score as the method defines it, larger where more abnormal. */
  readonly score: number;
  /** M [S, S], larger where more abnormal; nothing where the method gives none. */
  readonly map: Float32Array | undefined;
  /** The embeddings that it was compared with, by name, where they were asked for. */
  readonly embeddings?: ImageEmbeddings;
}

/** By name: [2, C], normal and abnormal. */
export type ImageEmbeddings = Readonly<Record<string, Float32Array>>;

/**
 * From so many images on it pays to pack the weights: for ViT-L/14 on two cores that takes as long as
 * three images, and each image then takes a tenth less.
 */
const imagesWorthPacking = 30;

/**
 * So many images in one run read each weight once: on two cores an image takes a twentieth less with
 * ViT-L/14, a fifth less with `tiny`. More need more memory and are slower.
 */
const mostImagesPerRun = 4;

/** Above this size in pixels attention is the larger part, which gains nothing: one image in a run. */
const largestSizeTogether = 240;

/** What a {@link Predictor} knows of its method, beside the graph. */
type MethodFacts = Pick<Method, 'imageSize' | 'inputNormalization'>;

/** The graph from pixels to `map` and `score`, with all in it that depends on no image computed. */
export interface KeptGraph extends MethodFacts {
  readonly graph: CompiledGraph;
}

/** Where the graph of one fitted model is kept. */
export interface GraphStore {
  /** Nothing where none is kept, or what is there is damaged. */
  load(): Promise<KeptGraph | undefined>;
  save(kept: KeptGraph): Promise<void>;
}

/** What a {@link Predictor} is made of. */
export interface PredictorParts {
  readonly method: Method;
  /** Of the backbone: they lead to the fitted weights too, where these are in files. */
  readonly sessionOptions: SessionOptions;
  readonly fitted: FittedWeights;
  /** Seed of what methods draw for an image, such as the start of a clustering. */
  readonly seed: number;
  /** How many images will be scored, where that is known. */
  readonly images?: number | undefined;
  /** Keeps the graph, where the method has no interlude. */
  readonly graphs?: GraphStore | undefined;
  /** Whether predictions have embeddings, of methods whose embeddings depend on the image. */
  readonly embeddings?: boolean | undefined;
}

/** A whole method from pixels to anomaly map: one session, or two around an interlude. */
export class Predictor {
  readonly imageSize: number;
  /** How many images `predict` had best be given at once. */
  readonly imagesPerRun: number;
  readonly #method: MethodFacts & Pick<Method, 'interlude'>;
  readonly #seed: number;
  /** From pixels to what the interlude reads and the rest needs; nothing without an interlude. */
  readonly #first: Session | undefined;
  readonly #last: Session;

  private constructor(
    method: MethodFacts & Pick<Method, 'interlude'>,
    seed: number,
    images: number | undefined,
    first: Session | undefined,
    last: Session,
  ) {
    this.#method = method;
    this.#seed = seed;
    this.imageSize = method.imageSize;
    this.imagesPerRun = imagesPerRun(method.imageSize, images);
    this.#first = first;
    this.#last = last;
  }

  static async create(parts: PredictorParts, runtime: Runtime): Promise<Predictor> {
    const { method, fitted, graphs, seed, images, embeddings = false } = parts;
    const options = sessionOptions(parts, method);
    const { trained, memory } = fitted;
    const features = method.features(pixelInput(method));
    if (!method.interlude) {
      const outputs = predicted(method, method.forward(features, trained, memory), embeddings);
      if (!graphs) {
        const session = await runtime.createSession(compile(outputs), options);
        return new Predictor(method, seed, images, undefined, session);
      }
      const constants = await foldedConstants(outputs, runtime, options);
      const { imageSize, inputNormalization } = method;
      const kept = { imageSize, inputNormalization, graph: compile(outputs, constants) };
      await graphs.save(kept);
      return Predictor.ofGraph(kept, parts, runtime);
    }
    const reads = method.interlude.reads(features, trained);
    const passed = prefixed('feature/', features);
    const first = compile({ ...passed, ...prefixed('read/', reads) });
    const fed = mapped(features, (name, { shape }) => input(`feature/${name}`, shape));
    const given = { ...fed, ...interludeInputs(method.interlude) };
    const outputs = predicted(method, method.forward(given, trained, memory), embeddings);
    return new Predictor(
      method,
      seed,
      images,
      await runtime.createSession(first, options),
      await runtime.createSession(compile(outputs), options),
    );
  }

  /** The predictor of a graph that was kept. */
  static async ofGraph(
    kept: KeptGraph,
    parts: Pick<PredictorParts, 'sessionOptions' | 'seed' | 'images'>,
    runtime: Runtime,
  ): Promise<Predictor> {
    const options = { ...sessionOptions(parts, kept), asWritten: !kept.graph.hasHalves };
    const session = await runtime.createSession(kept.graph, options);
    return new Predictor(kept, parts.seed, parts.images, undefined, session);
  }

  /** @param images Planes [3, S, S] in 0…1 of each image; of no more than `imagesPerRun`. */
  async predict(images: readonly Float32Array[]): Promise<RawPrediction[]> {
    const size = this.imageSize;
    const data = new Float32Array(images.length * 3 * size * size);
    for (const [index, planes] of images.entries()) {
      const row = data.subarray(index * planes.length, (index + 1) * planes.length);
      normalizePlanes(planes, this.#method.inputNormalization, row);
    }
    const pixelValues: HostTensor = { data, shape: [images.length, 3, size, size] };
    const outputs = await this.#last.run(await this.#feeds(pixelValues, images.length));
    const row = ({ data }: HostTensor, index: number) => {
      const length = data.length / images.length;
      return (data as Float32Array).slice(index * length, (index + 1) * length);
    };
    const embeddings = Object.entries(unprefixed(embeddingPrefix, outputs));
    return images.map((_, index) => ({
      score: outputs.score!.data[index] as number,
      map: outputs.map && row(outputs.map, index),
      ...(embeddings.length > 0 && {
        embeddings: Object.fromEntries(
          embeddings.map(([name, tensor]) => [name, row(tensor, index)]),
        ),
      }),
    }));
  }

  async release(): Promise<void> {
    await this.#first?.release();
    await this.#last.release();
  }

  async #feeds(pixelValues: HostTensor, batch: number): Promise<HostTensors> {
    if (!this.#first) return { pixelValues };
    const outputs = await this.#first.run({ pixelValues });
    const random = () => new Random(this.#seed, 'interlude');
    const reads = unprefixed('read/', outputs);
    return { ...outputs, ...interludeValues(this.#method.interlude!, reads, batch, random) };
  }
}

function sessionOptions(
  { sessionOptions, images }: Pick<PredictorParts, 'sessionOptions' | 'images'>,
  { imageSize }: Pick<Method, 'imageSize'>,
): SessionOptions {
  const batch = imagesPerRun(imageSize, images) === 1 ? { batch: 1 } : {};
  return { ...sessionOptions, ...batch, lean: areFew(images) };
}

function areFew(images: number | undefined): boolean {
  return images !== undefined && images < imagesWorthPacking;
}

function imagesPerRun(imageSize: number, images: number | undefined): number {
  return areFew(images) || imageSize > largestSizeTogether ? 1 : mostImagesPerRun;
}

const embeddingPrefix = 'embedding/';

/** What a predictor's graph gives. */
function predicted(method: Method, outputs: ImageOutputs, embeddings: boolean): Tensors {
  const { map, score } = outputs;
  const shown: Tensors = map ? { map, score } : { score };
  const own = embeddings ? method.embeddings?.(outputs) : undefined;
  return { ...shown, ...prefixed(embeddingPrefix, own ?? {}) };
}

function mapped(tensors: Tensors, change: (name: string, tensor: Tensor) => Tensor): Tensors {
  const entries = Object.entries(tensors);
  return Object.fromEntries(entries.map(([name, tensor]) => [name, change(name, tensor)]));
}

function prefixed<T>(prefix: string, tensors: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(tensors);
  return Object.fromEntries(entries.map(([name, tensor]) => [prefix + name, tensor]));
}

function unprefixed<T>(prefix: string, tensors: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
