import { expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import { GoldenNetwork } from '../../../test/support/goldenNetwork.js';
import { describeWith } from '../../../test/support/shared.js';
import { type VggLayers, vgg } from '../../backbones/vgg.js';
import { grad } from '../../graph/gradient.js';
import { sumAll } from '../../graph/sum.js';
import { constant, input, type Tensor } from '../../graph/tensor.js';
import { BatchStatistics } from '../../nn/convolution.js';
import { Weights } from '../../nn/parameters.js';
import { smooth } from '../shared/maps.js';
import { distillationLoss, distillationScore } from './distillation.js';
import { sensitivity } from './localisation.js';

interface Recording {
  readonly lamda: number;
  readonly teacher: VggLayers;
  readonly student: VggLayers;
  readonly losses: Record<string, number>;
}

describeWith(GoldenNetwork.path('mkd'), 'MKD against recorded values', () => {
  const golden = new GoldenNetwork<Recording>('mkd');
  const {
    lamda: lambda,
    teacher: teacherLayers,
    student: studentLayers,
    losses,
  } = golden.recording;
  const { data, shape } = golden.tensors('inputs').image_bytes!;
  const pixels = input('pixels', shape);
  const images = {
    pixels: host(
      Float32Array.from(data, (byte) => byte / 255),
      shape,
    ),
  };
  const frozen = golden.tensors('teacher');
  const weights = new Weights((name) => constant(frozen[name]!.data, frozen[name]!.shape));
  const teacher = vgg(pixels, weights, teacherLayers, { bias: true }).slice(1);
  const student = (own: Weights, statistics?: BatchStatistics) =>
    vgg(pixels, own, studentLayers, { bias: false, batchNorm: true, statistics }).slice(1);
  const named = (prefix: string, maps: readonly Tensor[]) =>
    Object.fromEntries(maps.map((map, i) => [`${prefix}.${i}`, map]));

  it('scores and localises with stored statistics', async () => {
    const { parameters, feeds } = golden.parameters();
    const maps = student(parameters.weights);
    const score = distillationScore(teacher, maps, lambda);
    const [gradient] = grad(sumAll(score), [pixels]);
    const values = await evaluate(
      {
        ...named('teacher', teacher),
        ...named('eval.student', maps),
        image_score: score,
        input_gradient: gradient!,
        localisation_map: smooth(sensitivity(gradient!), 4),
        mse_direction: distillationLoss(teacher, maps, lambda),
        direction_only: distillationLoss(teacher, maps, 0),
      },
      { ...feeds(), ...images },
    );
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const [name, value] of Object.entries(values)) {
      const loss = losses[`eval.${name}`];
      if (loss !== undefined) expect(value.data[0]).toBeCloseTo(loss, 4);
      else {
        const tolerance = /gradient|map/.test(name) ? 1e-3 : 1e-4;
        expectRelative(value.data, recorded[name]!.data, tolerance, name);
      }
    }
  });

  it('trains', async () => {
    const { parameters, feeds } = golden.parameters();
    const maps = student(parameters.weights, new BatchStatistics());
    const loss = distillationLoss(teacher, maps, lambda);
    const { gradients, names } = golden.gradients(loss, parameters);
    const values = await evaluate(
      { ...named('train.student', maps), loss, ...gradients },
      { ...feeds(), ...images },
    );
    expect(values.loss!.data[0]).toBeCloseTo(losses['train.mse_direction']!, 4);
    const outputs = golden.tensors('outputs');
    for (const [i] of maps.entries()) {
      const name = `train.student.${i}`;
      expectRelative(values[name]!.data, outputs[name]!.data, 1e-4, name);
    }
    golden.expectGradients(values, names, 1e-3);
  });
});
