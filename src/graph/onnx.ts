import { IqeError } from '../base/errors.js';
import { ProtobufWriter } from './protobuf.js';
import { type Dimension, formatShape, type Shape } from './shape.js';
import type { Attribute, DataType, Node, Tensor } from './tensor.js';

/** What a session needs to know of one input or output. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
  readonly dataType: DataType;
}

/**
 * The names that inputs and outputs have inside of the ONNX graph: there, names share one space,
 * and an input and an output (a parameter and its gradient, say) may be called the same.
 */
export const inputName = (name: string) => `in/${name}`;
export const outputName = (name: string) => `out/${name}`;

/** A graph that ONNX Runtime can run. */
export interface CompiledGraph {
  /** Nodes and constants, as fields of a `GraphProto`: all but inputs and outputs. */
  readonly body: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Files that hold weights, as the graph names them. */
  readonly weightFiles: readonly string[];
  /** Whether some of their weights are in half precision: they are widened when a session is made. */
  readonly hasHalves: boolean;
}

const opset = 20;
const irVersion = 9;

const elementTypes: Record<DataType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

/**
 * The ONNX graph that computes `outputs`. Nodes that compute the same from the same inputs
 * are written once, so that gradients may repeat what the forward pass already has.
 *
 * @param instead Tensors that others take the place of, of the same shape and type.
 * @throws {IqeError} `runtime` if two inputs of one name differ.
 */
export function compile(
  outputs: Readonly<Record<string, Tensor>>,
  instead: ReadonlyMap<Tensor, Tensor> = new Map(),
): CompiledGraph {
  const chosen = (tensor: Tensor) => instead.get(tensor) ?? tensor;
  const graph = new ProtobufWriter();
  const names = new Map<Tensor, string>();
  const written = new Map<string, readonly string[]>();
  const inputs = new Map<string, Port>();
  const weightFiles = new Set<string>();
  let hasHalves = false;
  const largeConstants = new Map<Uint8Array, number>();

  const nodes = orderedNodes(Object.values(outputs), chosen);
  for (const node of nodes) {
    if (node.op === 'Input') {
      names.set(node.outputs[0]!, addInput(inputs, node));
      continue;
    }
    const operands = node.inputs.map((tensor) => (tensor ? names.get(chosen(tensor))! : ''));
    const key = identity(node, operands, largeConstants);
    let results = written.get(key);
    if (!results) {
      results = node.outputs.map((_, index) => `t${written.size}${index ? `_${index}` : ''}`);
      written.set(key, results);
      if (node.stored) {
        graph.message(5, initializer(node, results[0]!));
        if (node.stored.kind === 'weight') {
          weightFiles.add(node.stored.file);
          hasHalves ||= /^b?float16$/.test(node.outputs[0]!.dataType);
        }
      } else {
        graph.message(1, operation(node, operands, results));
      }
    }
    for (const [index, output] of node.outputs.entries()) names.set(output, results[index]!);
  }

  const ports: Port[] = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    // A renaming of its own, since one tensor may be several outputs, or an input.
    const node = new ProtobufWriter()
      .text(1, names.get(chosen(tensor))!)
      .text(2, outputName(name))
      .text(4, 'Identity');
    graph.message(1, node);
    ports.push({ name, shape: tensor.shape, dataType: tensor.dataType });
  }
  return {
    body: graph.finish(),
    inputs: [...inputs.values()],
    outputs: ports,
    weightFiles: [...weightFiles],
    hasHalves,
  };
}

/**
 * The ONNX file of a graph (a `ModelProto`).
 *
 * @param batch What B is in every run, where that is known.
 */
export function onnxFile({ body, inputs, outputs }: CompiledGraph, batch?: number): Uint8Array {
  const graph = new ProtobufWriter().fields(body);
  for (const port of outputs) graph.message(12, valueInfo(outputName(port.name), port, batch));
  for (const port of inputs) graph.message(11, valueInfo(inputName(port.name), port, batch));
  graph.text(2, 'iqe-clip');
  return new ProtobufWriter()
    .integer(1, irVersion)
    .text(2, 'iqe-clip')
    .message(7, graph)
    .message(8, new ProtobufWriter().text(1, '').integer(2, opset))
    .message(8, new ProtobufWriter().text(1, 'com.microsoft').integer(2, 1))
    .finish();
}

/** All nodes that `outputs` need, sources before their users. */
function orderedNodes(outputs: readonly Tensor[], chosen: (tensor: Tensor) => Tensor): Set<Node> {
  const entered = new Set<Node>();
  const ordered = new Set<Node>();
  const stack = outputs.map((tensor) => chosen(tensor).node).reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    if (entered.has(node)) {
      ordered.add(node);
      stack.pop();
      continue;
    }
    entered.add(node);
    for (const tensor of node.inputs) {
      if (!tensor) continue;
      const { node: source } = chosen(tensor);
      if (!entered.has(source)) stack.push(source);
    }
  }
  return ordered;
}

function addInput(inputs: Map<string, Port>, node: Node): string {
  const tensor = node.outputs[0]!;
  const port = { name: node.name!, shape: tensor.shape, dataType: tensor.dataType };
  const describe = ({ dataType, shape }: Port) => `${dataType} ${formatShape(shape)}`;
  const known = inputs.get(port.name);
  if (known && describe(known) !== describe(port)) {
    throw new IqeError(
      'runtime',
      `Two inputs are named '${port.name}': ${describe(known)} and ${describe(port)}.`,
    );
  }
  inputs.set(port.name, port);
  return inputName(port.name);
}

/** Equal for nodes that compute the same thing. */
function identity(
  node: Node,
  operands: readonly string[],
  largeConstants: Map<Uint8Array, number>,
): string {
  const { stored } = node;
  const leaf =
    stored &&
    (stored.kind === 'weight'
      ? [stored.file, stored.offset]
      : contents(stored.bytes, largeConstants));
  const shape = stored ? node.outputs[0]!.shape : [];
  const { op, domain, attributes, outputs } = node;
  const kind = [outputs.length, outputs[0]!.dataType];
  return JSON.stringify([op, domain, operands, attributes, leaf, shape, kind]);
}

/** Small constants by their bytes, large ones by who they are. */
function contents(bytes: Uint8Array, largeConstants: Map<Uint8Array, number>): string {
  if (bytes.length <= 256) return bytes.toString();
  if (!largeConstants.has(bytes)) largeConstants.set(bytes, largeConstants.size);
  return `large ${largeConstants.get(bytes)}`;
}

function operation(
  node: Node,
  operands: readonly string[],
  results: readonly string[],
): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const name of operands) writer.text(1, name);
  for (const name of results) writer.text(2, name);
  writer.text(4, node.op);
  for (const [name, value] of Object.entries(node.attributes))
    writer.message(5, attribute(name, value));
  if (node.domain) writer.text(7, node.domain);
  return writer;
}

function attribute(name: string, value: Attribute): ProtobufWriter {
  const writer = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return writer.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return writer.text(4, value).integer(20, 3);
  if ('float' in value) return writer.float(2, value.float).integer(20, 1);
  for (const entry of value) writer.integer(8, entry);
  return writer.integer(20, 7);
}

function initializer(node: Node, name: string): ProtobufWriter {
  const tensor = node.outputs[0]!;
  const writer = new ProtobufWriter();
  for (const size of tensor.shape as readonly number[]) writer.integer(1, size);
  writer.integer(2, elementTypes[tensor.dataType]).text(8, name);
  const stored = node.stored!;
  if (stored.kind === 'constant') return writer.bytes(9, stored.bytes);
  const entry = (key: string, value: string) => new ProtobufWriter().text(1, key).text(2, value);
  return writer
    .message(13, entry('location', stored.file))
    .message(13, entry('offset', `${stored.offset}`))
    .message(13, entry('length', `${stored.length}`))
    .integer(14, 1);
}

function valueInfo(name: string, port: Port, batch: number | undefined): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const size of port.shape) shape.message(1, dimension(size, batch));
  const tensorType = new ProtobufWriter().integer(1, elementTypes[port.dataType]).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensorType));
}

function dimension(size: Dimension, batch: number | undefined): ProtobufWriter {
  if (typeof size === 'number') return new ProtobufWriter().integer(1, size);
  if (batch !== undefined) return new ProtobufWriter().integer(1, size.coefficient * batch);
  return new ProtobufWriter().text(2, size.coefficient === 1 ? 'B' : `${size.coefficient}B`);
}
