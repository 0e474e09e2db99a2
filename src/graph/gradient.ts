import { IqeError } from '../base/errors.js';
import { add } from './elementwise.js';
import { filledLike } from './reduce.js';
import { formatShape, sameShape, shapeError } from './shape.js';
import type { Node, Tensor } from './tensor.js';
import { apply } from './tensor.js';

/**
 * ∂loss/∂p for each parameter p, as more graph: reverse-mode differentiation. Walks from the loss
 * to the parameters and applies each node's vector-Jacobian product once.
 *
 * @param loss A scalar, or any tensor if `seed` is given.
 * @param seed The gradient that comes from above, of the shape of `loss`; 1 by default.
 * @throws {IqeError} `shape` if the loss is no scalar; `runtime` if it does not depend on a parameter.
 */
export function grad(loss: Tensor, parameters: readonly Tensor[], seed?: Tensor): Tensor[] {
  if (!seed && loss.rank !== 0) {
    throw shapeError('grad', `needs a scalar loss, got ${formatShape(loss.shape)}`);
  }
  const gradients = new Map<Tensor, Tensor>([[loss, seed ?? filledLike(loss, 1)]]);
  const wanted = dependents(loss, parameters);
  for (const node of [...wanted].reverse()) {
    const gradient = gradients.get(node.outputs[0]!);
    if (!gradient) continue;
    for (const [index, source] of node.sources.entries()) {
      const product = node.products[index];
      if (!product || !(wanted.has(source.node) || parameters.includes(source))) continue;
      const contribution = product(gradient);
      if (!sameShape(contribution.shape, source.shape)) {
        throw shapeError(
          `gradient of ${node.op}`,
          `has shape ${formatShape(contribution.shape)} for an input ${formatShape(source.shape)}`,
        );
      }
      const earlier = gradients.get(source);
      gradients.set(source, earlier ? add(earlier, contribution) : contribution);
    }
  }
  return parameters.map((parameter) => {
    const gradient = gradients.get(parameter);
    if (gradient) return gradient;
    throw new IqeError(
      'runtime',
      `The loss does not depend on the parameter '${parameter.node.name}'.`,
    );
  });
}

/** The nodes on a differentiable way from a parameter to the loss, sources before their users. */
function dependents(loss: Tensor, parameters: readonly Tensor[]): Set<Node> {
  const targets = new Set(parameters.map((parameter) => parameter.node));
  const depends = new Map<Node, boolean>();
  const ordered = new Set<Node>();
  // An explicit stack: graphs of deep models are deeper than JavaScript's own.
  const stack: { node: Node; entered: boolean }[] = [{ node: loss.node, entered: false }];
  while (stack.length > 0) {
    const { node, entered } = stack.pop()!;
    if (!entered) {
      if (depends.has(node)) continue;
      depends.set(node, targets.has(node));
      stack.push({ node, entered: true });
      for (const [index, source] of node.sources.entries()) {
        if (node.products[index]) stack.push({ node: source.node, entered: false });
      }
    } else {
      const through = node.sources.some(
        (source, i) => node.products[i] && depends.get(source.node),
      );
      if (through) {
        depends.set(node, true);
        ordered.add(node);
      }
    }
  }
  return ordered;
}

/**
 * `y` with other gradients than its own ops would give: for losses whose references clamp.
 *
 * @param sources What gradients flow to.
 * @param products One product for each of them.
 */
export function withGradient(
  y: Tensor,
  sources: readonly Tensor[],
  products: readonly ((dy: Tensor) => Tensor)[],
): Tensor {
  return apply({ op: 'Identity', inputs: [y], shape: y.shape, sources, products });
}

/** `x` as it is, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return apply({ op: 'Identity', inputs: [x], shape: x.shape, dataType: x.dataType });
}
