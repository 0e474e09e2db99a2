import { IqeError } from '../base/errors.js';

/** `coefficient · B` rows, where B is the batch size, known only when the graph runs. */
export class BatchDimension {
  readonly coefficient: number;
  constructor(coefficient: number) {
    this.coefficient = coefficient;
  }
}

/** A static size, or a multiple of the symbolic batch. */
export type Dimension = number | BatchDimension;

/** Sizes of a tensor's axes; at most one of them may be a {@link BatchDimension}. */
export type Shape = readonly Dimension[];

/** The symbolic batch dimension B. */
export const B = new BatchDimension(1);

export function sameDimension(a: Dimension, b: Dimension): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.coefficient === b.coefficient;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => sameDimension(dimension, b[axis]!));
}

/** `[B, 17, 128]`, `[2B, 4]`, `[]`. */
export function formatShape(shape: Shape): string {
  const dimension = (size: Dimension) =>
    typeof size === 'number' ? `${size}` : size.coefficient === 1 ? 'B' : `${size.coefficient}B`;
  return `[${shape.map(dimension).join(', ')}]`;
}

/** The product of dimensions: a number, or a multiple of B. */
export function product(dimensions: Shape): Dimension {
  let size = 1;
  let symbolic = false;
  for (const dimension of dimensions) {
    if (typeof dimension === 'number') size *= dimension;
    else {
      size *= dimension.coefficient;
      symbolic = true;
    }
  }
  return symbolic ? new BatchDimension(size) : size;
}

/** `factor` times a dimension. */
export function times(dimension: Dimension, factor: number): Dimension {
  return product([dimension, factor]);
}

/** The number of elements of a static shape. */
export function staticSize(shape: Shape, op: string): number {
  const size = product(shape);
  if (typeof size === 'number') return size;
  throw shapeError(op, `needs a static shape, got ${formatShape(shape)}`);
}

/** Axis 0…rank−1 from one that may be counted from the end. */
export function resolveAxis(shape: Shape, axis: number, op: string): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= shape.length) {
    throw shapeError(op, `has no axis ${axis} in ${formatShape(shape)}`);
  }
  return resolved;
}

/** The static size of one axis. */
export function staticDimension(shape: Shape, axis: number, op: string): number {
  const dimension = shape[resolveAxis(shape, axis, op)]!;
  if (typeof dimension === 'number') return dimension;
  throw shapeError(op, `needs axis ${axis} of ${formatShape(shape)} to be static`);
}

/** The shape that NumPy's broadcasting of two shapes gives. */
export function broadcastShapes(a: Shape, b: Shape, op: string): Shape {
  const rank = Math.max(a.length, b.length);
  const result: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (sameDimension(left, right) || right === 1) result.push(left);
    else if (left === 1) result.push(right);
    else {
      throw shapeError(op, `cannot combine the shapes ${formatShape(a)} and ${formatShape(b)}`);
    }
  }
  return checked(result, op);
}

/** The shape itself, once it is certain that it has at most one symbolic axis and no bad size. */
export function checked(shape: Shape, op: string): Shape {
  const symbolic = shape.filter((dimension) => typeof dimension !== 'number').length;
  const valid = shape.every(
    (size) => typeof size !== 'number' || (Number.isInteger(size) && size >= 0),
  );
  if (symbolic > 1 || !valid) {
    throw shapeError(
      op,
      `would give ${formatShape(shape)}: one batch axis and whole sizes at most`,
    );
  }
  return shape;
}

export function shapeError(op: string, message: string): IqeError {
  return new IqeError('shape', `${op}: ${message}.`);
}
