import { checked, type Shape } from './shape.js';

export type DataType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'uint8'
  | 'int8';

export type Attribute = number | string | readonly number[] | { readonly float: number };

/**
 * Gradient of the loss for one source of a node, from the gradient for the node's first output,
 * written in the same ops. `undefined` where no gradient flows (integers, masks).
 */
export type VectorJacobianProduct = (gradient: Tensor) => Tensor;

/** A tensor whose values come with the graph: a few numbers, or bytes in a weight file. */
export type Stored =
  | { readonly kind: 'constant'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'weight';
      readonly name: string;
      readonly file: string;
      readonly offset: number;
      readonly length: number;
    };

/**
 * One step of a computation: an ONNX operator with its inputs. Nodes are immutable and know
 * nothing of the graphs they end up in.
 */
export interface Node {
  /** ONNX operator name; `Input` and `Stored` are ours for the leaves. */
  readonly op: string;
  readonly domain: '' | 'com.microsoft';
  /** ONNX inputs; `null` leaves an optional one out. */
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Tensor[];
  /** What gradients flow to, one product for each; mostly the inputs. */
  readonly sources: readonly Tensor[];
  readonly products: readonly (VectorJacobianProduct | undefined)[];
  /** Leaves only: the name under which a value is fed, or what is stored. */
  readonly name?: string;
  readonly stored?: Stored;
}

/** A symbolic tensor: an output of a {@link Node}. */
export class Tensor {
  readonly shape: Shape;
  readonly dataType: DataType;
  readonly node: Node;

  constructor(node: Node, shape: Shape, dataType: DataType) {
    this.node = node;
    this.shape = checked(shape, node.op);
    this.dataType = dataType;
  }

  get rank(): number {
    return this.shape.length;
  }
}

export interface NodeDescription {
  readonly op: string;
  readonly domain?: 'com.microsoft';
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly shape: Shape;
  readonly dataType?: DataType;
  /** Shapes of float32 outputs after the first one. */
  readonly moreOutputs?: readonly Shape[];
  /** Products of the inputs in their order. */
  readonly products?: readonly (VectorJacobianProduct | undefined)[];
  /** Where gradients flow to instead of the inputs. */
  readonly sources?: readonly Tensor[];
  readonly name?: string;
  readonly stored?: Stored;
}

/** Makes a node and gives all of its outputs. */
export function createNode(description: NodeDescription): [Tensor, ...Tensor[]] {
  const outputs: Tensor[] = [];
  const inputs = description.inputs;
  const node: Node = {
    op: description.op,
    domain: description.domain ?? '',
    inputs,
    attributes: description.attributes ?? {},
    outputs,
    sources: description.sources ?? inputs.filter((input) => input !== null),
    products: description.products ?? [],
    ...(description.name !== undefined && { name: description.name }),
    ...(description.stored !== undefined && { stored: description.stored }),
  };
  const first = new Tensor(node, description.shape, description.dataType ?? 'float32');
  outputs.push(first);
  for (const shape of description.moreOutputs ?? [])
    outputs.push(new Tensor(node, shape, 'float32'));
  return outputs as [Tensor, ...Tensor[]];
}

/** Makes a node with one output. */
export function apply(description: NodeDescription): Tensor {
  return createNode(description)[0];
}

/** A value that is fed at each run: an image, a label, a parameter that is being trained. */
export function input(name: string, shape: Shape, dataType: DataType = 'float32'): Tensor {
  return apply({ op: 'Input', inputs: [], shape, dataType, name });
}

/** Numbers that are part of the graph. */
export function constant(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const data = values instanceof Float32Array ? values : Float32Array.from(values);
  return stored(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), shape, 'float32');
}

/** Whole numbers that are part of the graph: indices, shapes. */
export function integers(
  values: readonly number[],
  shape: readonly number[] = [values.length],
): Tensor {
  const data = BigInt64Array.from(values, BigInt);
  return stored(new Uint8Array(data.buffer), shape, 'int64');
}

export function scalar(value: number): Tensor {
  return constant([value], []);
}

function stored(bytes: Uint8Array, shape: readonly number[], dataType: DataType): Tensor {
  return apply({ op: 'Stored', inputs: [], shape, dataType, stored: { kind: 'constant', bytes } });
}

/** Where a weight lies: `length` bytes from `offset` of a file, little endian, row-major. */
export interface WeightLocation {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * A frozen weight that stays where it is: ONNX Runtime maps the bytes of the file, nothing passes
 * through JavaScript. Half-precision weights are widened to float32 when the session is made.
 *
 * @param shape Another shape of as many elements, where the weight is used flattened.
 */
export function weight(
  location: WeightLocation,
  shape: readonly number[] = location.shape,
): Tensor {
  const { name, file, offset, length, dataType } = location;
  const raw = apply({
    op: 'Stored',
    inputs: [],
    shape,
    dataType,
    stored: { kind: 'weight', name, file, offset, length },
  });
  if (dataType === 'float32') return raw;
  return apply({ op: 'Cast', inputs: [raw], attributes: { to: 1 }, shape });
}
