import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { IqeError, messageOf } from '../base/errors.js';
import { type CompiledGraph, inputName, onnxFile, outputName, type Port } from './onnx.js';
import { type Dimension, formatShape } from './shape.js';

export type TensorData =
  | Float32Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array;

/** Numbers in memory under a shape: what goes into a session and comes out of it. */
export interface HostTensor {
  readonly data: TensorData;
  readonly shape: readonly number[];
}

export type HostTensors = Readonly<Record<string, HostTensor>>;

/** The part of onnxruntime-node, onnxruntime-web that sessions are made with. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

export interface SessionOptions {
  /** Folder in which the graph's weight files lie. */
  readonly weightFolder?: string;
  /** Weight files whose bytes are in memory, by the names that the graph gives them. */
  readonly weightBytes?: Readonly<Record<string, Uint8Array>>;
  /**
   * Spends neither memory nor time on packed copies of weights and on a plan for temporaries: for
   * training, where the weights are few beside the rest and the gain was not measurable (ViT-L/14: 2 GB
   * less), and for a few runs, which take less time than the packing.
   */
  readonly lean?: boolean;
  /** The graph is taken as it is: ONNX Runtime's search for a better one takes longer than a run. */
  readonly asWritten?: boolean;
  /**
   * What B is in every run, where that is known: with all sizes known, ONNX Runtime plans the memory of
   * temporaries in half of the time.
   */
  readonly batch?: number;
}

export interface RuntimeOptions {
  /** Threads within an operator; all cores by default. */
  readonly threads?: number;
  /** ONNX Runtime's execution providers in the order of preference; `['cpu']` by default. */
  readonly executionProviders?: readonly string[];
  /** Whether ONNX Runtime can write outputs into given tensors, as it can in Node; it can by default. */
  readonly writesInPlace?: boolean;
}

/** Makes sessions with one of ONNX Runtime's builds: the same graphs run in Node and in a browser. */
export class Runtime {
  readonly #module: OnnxRuntimeModule;
  readonly #options: RuntimeOptions;

  constructor(module: OnnxRuntimeModule, options: RuntimeOptions = {}) {
    this.#module = module;
    this.#options = options;
  }

  /**
   * Loads and optimises a graph.
   *
   * @throws {IqeError} `runtime` if ONNX Runtime refuses it.
   */
  async createSession(graph: CompiledGraph, options: SessionOptions = {}): Promise<Session> {
    const { threads, executionProviders = ['cpu'], writesInPlace = true } = this.#options;
    const bytes = Object.entries(options.weightBytes ?? {});
    try {
      const session = await this.#module.InferenceSession.create(onnxFile(graph, options.batch), {
        executionProviders: [...executionProviders],
        graphOptimizationLevel: options.asWritten ? 'disabled' : 'all',
        logSeverityLevel: 3,
        ...(threads !== undefined && { intraOpNumThreads: threads }),
        ...(bytes.length > 0 && { externalData: bytes.map(([path, data]) => ({ path, data })) }),
        enableMemPattern: !options.lean,
        extra: {
          session: {
            ...(options.lean && { disable_prepacking: '1' }),
            ...(options.weightFolder !== undefined && {
              model_external_initializers_file_folder_path: options.weightFolder,
            }),
          },
        },
      });
      return new Session(session, graph, this.#module.Tensor, writesInPlace);
    } catch (error) {
      throw new IqeError('runtime', `ONNX Runtime could not load the graph: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** A graph that is ready to run. */
export class Session {
  readonly #session: InferenceSession;
  readonly #graph: CompiledGraph;
  readonly #Tensor: TensorConstructor;
  readonly #writesInPlace: boolean;
  /** ONNX Runtime's view of each host tensor, so that a training step makes no garbage. */
  readonly #views = new WeakMap<HostTensor, OrtTensor>();

  constructor(
    session: InferenceSession,
    graph: CompiledGraph,
    tensor: TensorConstructor,
    writesInPlace: boolean,
  ) {
    this.#session = session;
    this.#graph = graph;
    this.#Tensor = tensor;
    this.#writesInPlace = writesInPlace;
  }

  get inputs(): readonly Port[] {
    return this.#graph.inputs;
  }

  /**
   * Runs the graph once.
   *
   * @param feeds A value for each input.
   * @param into Tensors that outputs are written into; the others are made new. Names that are
   *   absent from `fetch` are not computed.
   * @param fetch Names of the wanted outputs; all by default.
   * @throws {IqeError} `shape` if a feed is missing or does not fit, or if not all have the same
   *   batch size; `runtime` if the run fails.
   */
  async run<Name extends string>(
    feeds: HostTensors,
    into: HostTensors = {},
    fetch?: readonly Name[],
  ): Promise<Record<Name, HostTensor>> {
    const inputs: Record<string, OrtTensor> = {};
    const batch: BatchSize = new BatchSize();
    for (const port of this.#graph.inputs) {
      const value = feeds[port.name];
      batch.check('Input', port, value);
      inputs[inputName(port.name)] = this.#view(value, port);
    }
    const outputs = this.#graph.outputs.filter(
      (port) => !fetch || (fetch as readonly string[]).includes(port.name),
    );
    const fetches: Record<string, OrtTensor | null> = {};
    for (const port of outputs) {
      const target = into[port.name];
      if (target) batch.check('Output', port, target);
      fetches[outputName(port.name)] =
        target && this.#writesInPlace ? this.#view(target, port) : null;
    }
    let values: Awaited<ReturnType<InferenceSession['run']>>;
    try {
      values = await this.#session.run(inputs, fetches);
    } catch (error) {
      throw new IqeError('runtime', `ONNX Runtime could not run the graph: ${messageOf(error)}`, {
        cause: error,
      });
    }
    const results: Record<string, HostTensor> = {};
    for (const { name } of outputs)
      results[name] = hostTensor(values[outputName(name)] as OrtTensor, into[name]);
    return results as Record<Name, HostTensor>;
  }

  /** Frees the session's memory; it cannot be used afterwards. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  #view(value: HostTensor, port: Port): OrtTensor {
    const known = this.#views.get(value);
    if (known) return known;
    try {
      const { data, shape } = value;
      const view = new this.#Tensor(port.dataType as 'float32', data as Float32Array, shape);
      this.#views.set(value, view);
      return view;
    } catch (cause) {
      throw new IqeError('shape', `Tensor '${port.name}' does not fit: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
}

/** An output; a runtime that does not write in place has its result copied to where it was wanted. */
function hostTensor(value: OrtTensor, target: HostTensor | undefined): HostTensor {
  const data = halvesAsBits(value.data as TensorData);
  if (!target) return { data, shape: value.dims };
  if (target.data !== data) (target.data as Float32Array).set(data as Float32Array);
  return target;
}

/** Half precision as its bits also where the engine has numbers for it: `Float16Array`, in browsers. */
function halvesAsBits(data: TensorData): TensorData {
  const kind: string = data[Symbol.toStringTag];
  if (kind !== 'Float16Array') return data;
  return new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
}

/** The batch B of one run, on which all inputs and outputs must agree: ONNX Runtime repeats a batch of 1. */
class BatchSize {
  #known: { readonly size: number; readonly name: string } | undefined;

  /** @throws {IqeError} `shape` if `value` is not there or not of the port's shape. */
  check(
    kind: 'Input' | 'Output',
    port: Port,
    value: HostTensor | undefined,
  ): asserts value is HostTensor {
    const { name, shape } = port;
    const fits =
      value?.shape.length === shape.length &&
      shape.every((size, axis) => this.#fits(size, value.shape[axis]!, name));
    if (fits) return;
    const came = value ? `[${value.shape.join(', ')}]` : 'nothing';
    const known = shape.some((size) => typeof size !== 'number') ? this.#known : undefined;
    const batch = known ? ` (B is ${known.size} in '${known.name}')` : '';
    throw new IqeError(
      'shape',
      `${kind} '${name}' needs ${formatShape(shape)}${batch}, got ${came}.`,
    );
  }

  #fits(size: Dimension, actual: number, name: string): boolean {
    if (typeof size === 'number') return size === actual;
    if (actual % size.coefficient !== 0) return false;
    this.#known ??= { size: actual / size.coefficient, name };
    return this.#known.size * size.coefficient === actual;
  }
}
