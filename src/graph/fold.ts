import { compile } from './onnx.js';
import type { Runtime, SessionOptions } from './session.js';
import { constant, type Node, type Tensor } from './tensor.js';

/**
 * Larger results stay where they are: mostly they are weights of a file in another shape or data type,
 * of which a graph should hold no copy.
 */
const mostElements = 1 << 18;

/**
 * Computes once what depends on no input, such as the keys and values of a prompt's beginning: each such
 * tensor that the rest of the graph reads, with the constant that takes its place.
 *
 * @param options Lead to the weights.
 * @throws {IqeError} `runtime` if ONNX Runtime refuses the graph.
 */
export async function foldedConstants(
  outputs: Readonly<Record<string, Tensor>>,
  runtime: Runtime,
  options: SessionOptions,
): Promise<ReadonlyMap<Tensor, Tensor>> {
  const found = constantParts(Object.values(outputs));
  if (found.length === 0) return new Map();
  const named = Object.fromEntries(found.map((tensor, index) => [`${index}`, tensor]));
  const session = await runtime.createSession(compile(named), { ...options, lean: true });
  try {
    const values = await session.run({});
    return new Map(
      found.map((tensor, index) => {
        const { data, shape } = values[`${index}`]!;
        return [tensor, constant(data as Float32Array, shape)];
      }),
    );
  } finally {
    await session.release();
  }
}

/** The float32 results, not too large, that depend on no input and are read by what does. */
function constantParts(outputs: readonly Tensor[]): Tensor[] {
  const varying = varyingNodes(outputs);
  const found = new Set<Tensor>();
  const seen = new Set<Tensor>();
  const waiting = [...outputs];
  for (let tensor = waiting.pop(); tensor; tensor = waiting.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    if (!varying.has(tensor.node) && isWorthFolding(tensor)) found.add(tensor);
    else for (const operand of tensor.node.inputs) if (operand) waiting.push(operand);
  }
  return [...found];
}

function isWorthFolding({ node, shape, dataType }: Tensor): boolean {
  if (node.op === 'Stored' || dataType !== 'float32') return false;
  let elements = 1;
  for (const size of shape) elements *= typeof size === 'number' ? size : Number.POSITIVE_INFINITY;
  return elements <= mostElements;
}

/** The nodes that some input reaches. */
function varyingNodes(outputs: readonly Tensor[]): Set<Node> {
  const varying = new Set<Node>();
  const done = new Set<Node>();
  const stack = outputs.map(({ node }) => node);
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const waiting = node.inputs.filter((tensor) => tensor && !done.has(tensor.node));
    if (!done.has(node) && waiting.length > 0) {
      for (const tensor of waiting) stack.push(tensor!.node);
      continue;
    }
    stack.pop();
    done.add(node);
    const reached = node.inputs.some((tensor) => tensor && varying.has(tensor.node));
    if (node.op === 'Input' || reached) varying.add(node);
  }
  return varying;
}
