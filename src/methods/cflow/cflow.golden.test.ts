import { expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { GoldenNetwork } from '../../../test/support/goldenNetwork.js';
import { describeWith } from '../../../test/support/shared.js';
import { add, exp, subtract } from '../../graph/elementwise.js';
import { reshape } from '../../graph/layout.js';
import { linear } from '../../graph/matmul.js';
import { max, meanAll } from '../../graph/reduce.js';
import { expand } from '../../graph/sum.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import { upsample } from '../../nn/interpolation.js';
import { placeRows } from '../shared/distillation.js';
import { flow, logProbability, type Mixing, positionRows, positions } from '../shared/flow.js';
import { negativeLogSigmoid } from '../shared/logSigmoid.js';
import { flatPixels } from '../shared/maps.js';

interface Recording {
  readonly coupling_blocks: number;
  readonly condition: number;
  readonly dims: [number, number][];
  readonly image_size: number;
  readonly losses: Record<string, number>;
}

describeWith(GoldenNetwork.path('cflow'), 'CFLOW-AD against recorded values', () => {
  const golden = new GoldenNetwork<Recording>('cflow');
  const { coupling_blocks: blocks, condition, dims, image_size: size, losses } = golden.recording;
  const features = golden.inputTensors(dims.map((_, level) => `features.${level}`));
  const recordedWeights = golden.tensors('trainable');

  it('encodes positions', () => {
    for (const [level, [, side]] of dims.entries()) {
      const { data } = golden.tensors('outputs')[`position.${level}`]!;
      expectRelative(positions(condition, side, side), data, 1e-5, `position.${level}`);
    }
  });

  it('flows, scores and trains', async () => {
    const { parameters, feeds } = golden.parameters();
    const outputs: Record<string, Tensor> = {};
    const maps: Tensor[] = [];
    const lossesOf: Tensor[] = [];
    for (const [level, [, side]] of dims.entries()) {
      const map = features[level]!;
      const batch = map.shape[0] as number;
      const rotate: Mixing = (x, block) => {
        const { data, shape } = recordedWeights[`${level}.module_list.${block}.w_perm`]!;
        return linear(x, constant(data, shape));
      };
      const places = expand(positionRows(condition, side, side), [batch, side * side, condition]);
      const flowed = flow(
        placeRows(map),
        reshape(places, [batch * side * side, condition]),
        parameters.weights.at(level),
        blocks,
        rotate,
      );
      const logP = logProbability(flowed);
      outputs[`z.${level}`] = flowed.z;
      outputs[`log_jacobian.${level}`] = flowed.logJacobian;
      outputs[`log_probability_per_dimension.${level}`] = logP;
      const loss = meanAll(negativeLogSigmoid(logP));
      outputs[`loss.${level}`] = loss;
      lossesOf.push(loss);
      // The authors take both maxima over the whole set, here the recorded images.
      const likely = exp(subtract(logP, max(logP, 0)));
      const map2 = upsample(reshape(likely, [batch, side, side]), size, size);
      outputs[`probability_map_${level}`] = map2;
      maps.push(map2);
    }
    const total = maps.reduce(add);
    const map = subtract(max(max(flatPixels(total), 1), 0), total);
    outputs.anomaly_map = map;
    outputs.image_score = max(flatPixels(map), 1);
    const { gradients, names } = golden.gradients(lossesOf.reduce(add), parameters);
    const values = await evaluate({ ...outputs, ...gradients }, feeds());
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const name of Object.keys(outputs)) {
      if (name.startsWith('loss.')) {
        const level = name.replace('loss.', 'level');
        expect(values[name]!.data[0]).toBeCloseTo(losses[level]!, 4);
      } else expectRelative(values[name]!.data, recorded[name]!.data, 1e-4, name);
    }
    golden.expectGradients(values, names, 1e-4);
  });
});
