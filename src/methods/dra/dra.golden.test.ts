import { expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { GoldenNetwork } from '../../../test/support/goldenNetwork.js';
import { describeWith } from '../../../test/support/shared.js';
import { add } from '../../graph/elementwise.js';
import { slice } from '../../graph/layout.js';
import { mean } from '../../graph/reduce.js';
import { constant } from '../../graph/tensor.js';
import { BatchStatistics } from '../../nn/convolution.js';
import type { Weights } from '../../nn/parameters.js';
import { deviationLoss, headScores, heads, imageScore, meanScores, targets } from './heads.js';

interface Recording {
  readonly references: number;
  readonly scales: number;
  readonly losses: Record<string, number>;
}

describeWith(GoldenNetwork.path('dra'), 'DRA against recorded values', () => {
  const golden = new GoldenNetwork<Recording>('dra');
  const { references, scales, losses } = golden.recording;
  const inputs = golden.tensors('inputs');
  const labels = Array.from(inputs.label!.data, Number);
  const count = labels.length;

  function scores(weights: Weights, statistics?: BatchStatistics) {
    const names = Array.from({ length: scales }, (_, scale) => `features_scale_${scale}`);
    return meanScores(
      golden.inputTensors(names).map((all) => {
        const reference = mean(slice(all, 0, 0, references), [0], true);
        const own = slice(all, 0, references, references + count);
        return headScores(own, reference, weights, statistics);
      }),
    );
  }

  it('scores', async () => {
    const { parameters, feeds } = golden.parameters();
    const own = scores(parameters.weights);
    const outputs = Object.fromEntries(heads.map((head, i) => [`eval.head.${i}`, own[head]]));
    const values = await evaluate({ ...outputs, image_score: imageScore(own) }, feeds());
    for (const [name, { data }] of Object.entries(golden.tensors('scores'))) {
      expectRelative(values[name]!.data, data, 1e-4, name);
    }
  });

  it('trains', async () => {
    const { parameters, feeds } = golden.parameters();
    const own = scores(parameters.weights, new BatchStatistics());
    const wanted = targets(constant(labels, [count]));
    const parts = heads.map((head, i) => {
      const [average, deviation] = inputs[`reference_mean_and_deviation.${i}`]!.data;
      const { target, counts } = wanted[head];
      return deviationLoss(own[head], target, counts, { mean: average!, deviation: deviation! });
    });
    const total = parts.reduce(add);
    const { gradients, names } = golden.gradients(total, parameters);
    const outputs = {
      total,
      ...Object.fromEntries(parts.map((part, i) => [`head${i}`, part])),
      ...Object.fromEntries(heads.map((head, i) => [`train.head.${i}`, own[head]])),
      ...Object.fromEntries(heads.map((head, i) => [`target.${i}`, wanted[head].target])),
      ...Object.fromEntries(heads.map((head, i) => [`counts.${i}`, wanted[head].counts])),
    };
    const values = await evaluate({ ...outputs, ...gradients }, feeds());
    for (const [name, loss] of Object.entries(losses)) {
      expect(values[name]!.data[0], name).toBeCloseTo(loss, 4);
    }
    for (const [name, { data }] of Object.entries(golden.tensors('outputs'))) {
      const chosen = values[`counts.${name.at(-1)}`]!.data;
      const those = values[name]!.data.filter((_, i) => chosen[i] === 1);
      expectRelative(those, data, 1e-4, name);
    }
    golden.expectGradients(values, names, 1e-4);
  });
});
