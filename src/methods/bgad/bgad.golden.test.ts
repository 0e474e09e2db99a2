import { expect, it } from 'vitest';
import { expectClose, expectRelative } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { GoldenNetwork } from '../../../test/support/goldenNetwork.js';
import { describeWith } from '../../../test/support/shared.js';
import { add } from '../../graph/elementwise.js';
import { grad } from '../../graph/gradient.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import { boundaries, boundaryLosses, placeWeights } from './boundary.js';

interface Recording {
  readonly losses: Record<string, Record<string, number>> & { readonly epoch_0: number };
}

describeWith(GoldenNetwork.path('bgad'), 'BGAD against recorded values', () => {
  const golden = new GoldenNetwork<Recording>('bgad');
  const { losses } = golden.recording;
  const [logP, mask] = golden.inputTensors(['log_probability_per_dimension', 'mask']) as [
    Tensor,
    Tensor,
  ];

  it('weights places', async () => {
    const recorded = golden.tensors('outputs');
    const curve = recorded.weight_curve_input!;
    const x = constant(curve.data, curve.shape);
    const all = (value: number) =>
      constant(new Float32Array(curve.data.length).fill(value), curve.shape);
    const values = await evaluate(
      {
        weights: placeWeights(logP, mask),
        weight_curve_normal: placeWeights(x, all(0)),
        weight_curve_abnormal: placeWeights(x, all(1)),
      },
      golden.parameters('inputs').feeds(),
    );
    for (const [name, { data }] of Object.entries(values)) {
      expectRelative(data, recorded[name]!.data, 1e-4, name);
    }
  });

  it.each(Object.keys(golden.tensors('gradients')))('pushes and pulls: %s', async (name) => {
    const expected = losses[name]!;
    const beta = Number(/beta_([\d.]+)\./.exec(name)![1]);
    const weights = name.endsWith('weighted') ? placeWeights(logP, mask) : undefined;
    const edges = boundaries(logP, mask, beta);
    const parts = boundaryLosses(logP, mask, edges, weights);
    const total = [parts.likelihood, parts.normal, parts.abnormal].reduce(add);
    const values = await evaluate(
      {
        maximum_likelihood: parts.likelihood,
        normal: parts.normal,
        abnormal: parts.abnormal,
        total,
        boundary_normal: edges.normal,
        boundary_abnormal: edges.abnormal,
        gradient: grad(total, [logP])[0]!,
      },
      golden.parameters('inputs').feeds(),
    );
    for (const [key, value] of Object.entries(expected)) {
      expectClose(values[key]!.data, [value], 1e-5, key);
    }
    expectRelative(values.gradient!.data, golden.tensors('gradients')[name]!.data, 1e-4, name);
    expect(expected.maximum_likelihood).toBeDefined();
  });
});
