import { transposeLast } from './layout.js';
import { formatShape, shapeError } from './shape.js';
import { apply, type Tensor, type WeightLocation } from './tensor.js';

/** An int8 matrix and what its entries are worth: W[o, i] = scales[o] · values[i, o]. */
export interface QuantizedParts {
  /** [in, out] int8, the order in which products read it. */
  readonly values: Tensor;
  /** [out] */
  readonly scales: Tensor;
}

/**
 * A frozen matrix [out, in] that is kept in int8: `linear` multiplies by it in int8
 * ({@link quantizedProduct}), everything else sees the float32 values that it stands for.
 *
 * @param values Where the int8 values [in, out] lie.
 * @param scales [out]
 */
export function quantizedWeight(values: WeightLocation, scales: Tensor): Tensor {
  const { name, file, offset, length, dataType, shape } = values;
  if (dataType !== 'int8' || shape.length !== 2 || shape[1] !== scales.shape[0]) {
    throw shapeError(
      'quantizedWeight',
      `'${name}' is ${dataType} ${formatShape(shape)} with ${formatShape(scales.shape)} scales`,
    );
  }
  const stored = { kind: 'weight', name, file, offset, length } as const;
  const whole = apply({ op: 'Stored', inputs: [], shape, dataType, stored });
  return transposeLast(
    apply({ op: 'DequantizeLinear', inputs: [whole, scales], attributes: { axis: 1 }, shape }),
  );
}

/** The parts of a {@link quantizedWeight}; nothing for another tensor. */
export function quantizedParts(weight: Tensor): QuantizedParts | undefined {
  const [dequantized] = weight.node.inputs;
  if (weight.node.op !== 'Transpose' || dequantized?.node.op !== 'DequantizeLinear')
    return undefined;
  const [values, scales] = dequantized.node.inputs;
  return { values: values!, scales: scales! };
}

/**
 * y = x · Wᵀ + b in int8: x is rounded to 8 bits between its smallest and its largest entry, products
 * are summed in int32.
 *
 * @param x [M, in]
 * @param bias [out]
 * @param byX The gradient for x from that for y.
 * @returns [M, out]
 */
export function quantizedProduct(
  x: Tensor,
  { values, scales }: QuantizedParts,
  bias: Tensor | undefined,
  byX: (dy: Tensor) => Tensor,
): Tensor {
  return apply({
    op: 'DynamicQuantizeMatMul',
    domain: 'com.microsoft',
    inputs: [x, values, scales, null, bias ?? null],
    shape: [x.shape[0]!, scales.shape[0]!],
    sources: [x],
    products: [byX],
  });
}
