import { expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { type RecordedTensor, recordedTensors } from '../../../test/support/safetensors.js';
import { describeWith, goldenFolder } from '../../../test/support/shared.js';
import { concat, reshape } from '../../graph/layout.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import { classScores } from './medclip.js';

const file = `${goldenFolder}/backbones/medclip/expected.safetensors`;

describeWith(file, 'MedCLIP against recorded values', () => {
  it.each(['mean', 'max'] as const)('the %s over the prompts of a class', async (combine) => {
    const recorded = recordedTensors(file) as Record<
      string,
      RecordedTensor & { data: Float32Array }
    >;
    const { data, shape } = recorded.logits!;
    const [images, prompts] = shape as [number, number];
    const scores = classScores(constant(data, shape), [prompts / 2, prompts / 2], combine);
    const side = concat(
      scores.map((x: Tensor) => reshape(x, [images, 1])),
      1,
    );
    const values = await evaluate({ side });
    expect(values.side!.shape).toEqual([images, 2]);
    expectRelative(values.side!.data, recorded[`class_${combine}`]!.data, 1e-4);
  });
});
