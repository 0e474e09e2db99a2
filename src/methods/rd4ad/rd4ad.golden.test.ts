import { expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { GoldenNetwork } from '../../../test/support/goldenNetwork.js';
import { describeWith } from '../../../test/support/shared.js';
import { max } from '../../graph/reduce.js';
import type { Tensor } from '../../graph/tensor.js';
import { BatchStatistics } from '../../nn/convolution.js';
import { flatPixels, smooth } from '../shared/maps.js';
import { reverseDistillation, reverseLoss, reverseMap } from './rd4ad.js';

interface Recording {
  readonly image_size: number;
  readonly width_factor: number;
  readonly decoder_blocks: [number, number, number];
  readonly bottleneck_blocks: number;
  readonly losses: { readonly eval: number; readonly train: number };
}

describeWith(GoldenNetwork.path('rd4ad'), 'RD4AD against recorded values', () => {
  const golden = new GoldenNetwork<Recording>('rd4ad');
  const { recording } = golden;
  const teacher = golden.inputTensors(['teacher.0', 'teacher.1', 'teacher.2']) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const config = {
    bottleneckBlocks: recording.bottleneck_blocks,
    decoderBlocks: recording.decoder_blocks,
    widening: recording.width_factor,
  };

  it('maps and scores with stored statistics', async () => {
    const { parameters, feeds } = golden.parameters();
    const { embedding, student } = reverseDistillation(teacher, parameters.weights, config);
    const { levels, unsmoothed } = reverseMap(teacher, student, recording.image_size);
    const map = smooth(unsmoothed, 4);
    const values = await evaluate(
      {
        'eval.bottleneck': embedding,
        ...Object.fromEntries(student.map((x, i) => [`eval.student.${i}`, x])),
        ...Object.fromEntries(levels.map((x, i) => [`map.${i}`, x])),
        anomaly_map_unsmoothed: unsmoothed,
        anomaly_map: map,
        image_score: max(flatPixels(map), 1),
        loss: reverseLoss(teacher, student),
      },
      feeds(),
    );
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const [name, { data }] of Object.entries(values)) {
      if (name === 'loss') expect(data[0]).toBeCloseTo(recording.losses.eval, 4);
      else expectRelative(data, recorded[name]!.data, 1e-4, name);
    }
  });

  it('trains: values, loss, gradients, running statistics', async () => {
    const { parameters, feeds } = golden.parameters();
    const statistics = new BatchStatistics();
    const { embedding, student } = reverseDistillation(
      teacher,
      parameters.weights,
      config,
      statistics,
    );
    const loss = reverseLoss(teacher, student);
    const { gradients, names } = golden.gradients(loss, parameters);
    const running = golden.tensors('running_statistics_after_one_train_pass');
    const values = await evaluate(
      {
        loss,
        'train.bottleneck': embedding,
        ...Object.fromEntries(student.map((x, i) => [`train.student.${i}`, x])),
        ...gradients,
        ...Object.fromEntries(
          Object.keys(running).map((name) => [name, statistics.updates[name]!]),
        ),
      },
      feeds(),
    );
    expect(values.loss!.data[0]).toBeCloseTo(recording.losses.train, 4);
    const outputs = golden.tensors('outputs');
    for (const [name, { data }] of Object.entries(outputs)) {
      if (name.startsWith('train.')) expectRelative(values[name]!.data, data, 1e-4, name);
    }
    for (const [name, { data }] of Object.entries(running)) {
      expectRelative(values[name]!.data, data, 1e-4, name);
    }
    golden.expectGradients(values, names, 1e-3);
  });
});
