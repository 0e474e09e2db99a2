import { beforeReshape, reshape } from './layout.js';
import { broadcastShapes, type Shape, sameShape } from './shape.js';
import { sumTo } from './sum.js';
import { apply, type DataType, scalar, type Tensor } from './tensor.js';

type Operand = Tensor | number;

function asTensor(value: Operand): Tensor {
  return typeof value === 'number' ? scalar(value) : value;
}

/** A binary operator with broadcasting, and its derivatives by both operands times dy. */
function binary(
  op: string,
  a: Operand,
  b: Operand,
  byA: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
  byB: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const wide = [asTensor(a), asTensor(b)] as const;
  const shape = broadcastShapes(wide[0].shape, wide[1].shape, op.toLowerCase());
  const left = unexpanded(wide[0], wide[1], shape);
  const right = unexpanded(wide[1], left, shape);
  const flat = unreshaped(left, right);
  if (flat) return reshape(binary(op, ...flat, byA, byB), shape);
  return apply({
    op,
    inputs: [left, right],
    shape,
    products: [
      (dy) => sumTo(byA(dy, left, right), left.shape),
      (dy) => sumTo(byB(dy, left, right), right.shape),
    ],
  });
}

/** Two operands of the same elements as they were before a reshape, see `beforeReshape`. */
function unreshaped(a: Tensor, b: Tensor): readonly [Tensor, Tensor] | undefined {
  const [left, right] = [beforeReshape(a), beforeReshape(b)];
  if (isSingle(b)) return left && [left, b];
  if (isSingle(a)) return right && [a, right];
  if (!sameShape(a.shape, b.shape)) return undefined;
  // Rows are what matrix products give and take.
  const rows = [right, left].find((flat) => flat?.rank === 2);
  return rows && [reshape(a, rows.shape), reshape(b, rows.shape)];
}

function isSingle({ rank }: Tensor): boolean {
  return rank === 0;
}

/**
 * What was repeated to make `x`, where the operator repeats it anyway: gradients of sums are one number
 * for many elements, and writing them out would cost a pass through memory.
 */
function unexpanded(x: Tensor, other: Tensor, shape: Shape): Tensor {
  const [narrow] = x.node.op === 'Expand' ? x.node.inputs : [];
  if (!narrow || narrow.rank > shape.length) return x;
  return sameShape(broadcastShapes(narrow.shape, other.shape, 'expand'), shape) ? narrow : x;
}

/** A function of one tensor, element by element, and its derivative times dy. */
function unary(
  op: string,
  x: Tensor,
  derivative: (dy: Tensor, y: Tensor, x: Tensor) => Tensor,
): Tensor {
  const flat = beforeReshape(x);
  if (flat) return reshape(unary(op, flat, derivative), x.shape);
  const y: Tensor = apply({
    op,
    inputs: [x],
    shape: x.shape,
    products: [(dy) => derivative(dy, y, x)],
  });
  return y;
}

/** a + b */
export function add(a: Operand, b: Operand): Tensor {
  return binary(
    'Add',
    a,
    b,
    (dy) => dy,
    (dy) => dy,
  );
}

/** a − b */
export function subtract(a: Operand, b: Operand): Tensor {
  return binary(
    'Sub',
    a,
    b,
    (dy) => dy,
    (dy) => negate(dy),
  );
}

/** a · b */
export function multiply(a: Operand, b: Operand): Tensor {
  return binary(
    'Mul',
    a,
    b,
    (dy, _, right) => multiply(dy, right),
    (dy, left) => multiply(dy, left),
  );
}

/** a / b */
export function divide(a: Operand, b: Operand): Tensor {
  return binary(
    'Div',
    a,
    b,
    (dy, _, right) => divide(dy, right),
    (dy, left, right) => negate(divide(multiply(dy, left), multiply(right, right))),
  );
}

/** −x */
export function negate(x: Tensor): Tensor {
  return unary('Neg', x, (dy) => negate(dy));
}

/** eˣ */
export function exp(x: Tensor): Tensor {
  return unary('Exp', x, (dy, y) => multiply(dy, y));
}

/** ln x */
export function log(x: Tensor): Tensor {
  return unary('Log', x, (dy, _, of) => divide(dy, of));
}

/** √x */
export function sqrt(x: Tensor): Tensor {
  return unary('Sqrt', x, (dy, y) => divide(multiply(dy, 0.5), y));
}

/** x² */
export function square(x: Tensor): Tensor {
  return multiply(x, x);
}

/** |x|, with derivative 0 at 0. */
export function absolute(x: Tensor): Tensor {
  const sign = (of: Tensor) => unary('Sign', of, (dy) => multiply(dy, 0));
  return unary('Abs', x, (dy, _, of) => multiply(dy, sign(of)));
}

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt */
export function erf(x: Tensor): Tensor {
  return unary('Erf', x, (dy, _, of) =>
    multiply(dy, multiply(exp(negate(square(of))), 2 / Math.sqrt(Math.PI))),
  );
}

/** tanh x, with derivative 1 − tanh² x. */
export function tanh(x: Tensor): Tensor {
  return unary('Tanh', x, (dy, y) => multiply(dy, subtract(1, square(y))));
}

/** 1 / (1 + e⁻ˣ) */
export function sigmoid(x: Tensor): Tensor {
  return unary('Sigmoid', x, (dy, y) => multiply(dy, multiply(y, subtract(1, y))));
}

/** max(x, 0), with derivative 0 at 0. */
export function relu(x: Tensor): Tensor {
  return unary('Relu', x, (dy, _, of) => multiply(dy, indicator('Greater', of, 0)));
}

/** max(x, floor); no gradient where the floor is taken. */
export function atLeast(x: Tensor, floor: number): Tensor {
  return apply({
    op: 'Max',
    inputs: [x, scalar(floor)],
    shape: x.shape,
    products: [(dy) => multiply(dy, indicator('Greater', x, floor))],
  });
}

/** 1 where `a` compares so with `b`, else 0; without a gradient. */
export function indicator(
  comparison: 'Greater' | 'Less' | 'Equal',
  a: Operand,
  b: Operand,
): Tensor {
  const left = asTensor(a);
  const right = asTensor(b);
  const shape = broadcastShapes(left.shape, right.shape, comparison.toLowerCase());
  return cast(apply({ op: comparison, inputs: [left, right], shape, dataType: 'bool' }), 'float32');
}

const onnxType: Record<DataType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

/** The values in another data type; without a gradient. */
export function cast(x: Tensor, dataType: DataType): Tensor {
  if (x.dataType === dataType) return x;
  return apply({
    op: 'Cast',
    inputs: [x],
    attributes: { to: onnxType[dataType] },
    shape: x.shape,
    dataType,
  });
}
