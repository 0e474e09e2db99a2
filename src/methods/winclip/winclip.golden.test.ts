import { expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { GoldenMethod, type MethodRecording } from '../../../test/support/goldenMethod.js';
import { describeWith } from '../../../test/support/shared.js';
import { asMemory } from '../../../test/support/smallMethod.js';
import { withActivation } from '../../clip/frozenImageTower.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { B } from '../../graph/shape.js';
import { input, type Tensor } from '../../graph/tensor.js';
import { Parameters } from '../../nn/parameters.js';
import { encodePrompts, ensemblePrompts, winclipEnsemble } from '../shared/promptEnsemble.js';
import { winClip } from './winclip.js';
import { windowPatches } from './windows.js';

const tolerance = 1e-4;

interface Recording extends MethodRecording {
  readonly activation: 'gelu' | 'quick_gelu';
  readonly object: string;
  readonly grid: number;
}

describeWith(GoldenMethod.path('winclip'), 'golden/methods/winclip', () => {
  const golden = new GoldenMethod<Recording>('winclip');
  const { recording } = golden;
  const runtime = nodeRuntime({ threads: 1 });

  async function build() {
    const { checkpoint, tokenizer } = await golden.backbone();
    const clip = withActivation(checkpoint.config, recording.activation);
    const frozen = { checkpoint, tokenizer, clip };
    const { image_size: imageSize, object } = recording;
    const method = await winClip({ imageSize, object }, frozen, runtime);
    const features = method.features(input('image', [B, 3, imageSize, imageSize]));
    const references = await evaluate(
      method.remember!(features, new Parameters().weights),
      { image: golden.pixels('reference_bytes', 'clip') },
      checkpoint.sessionOptions,
    );
    return { frozen, method, features, memory: asMemory(references) };
  }

  it('averages the recorded prompts', async () => {
    const { frozen } = await build();
    const recorded = golden.tensors('outputs');
    for (const [state, prompts] of ensemblePrompts(winclipEnsemble, recording.object).entries()) {
      const rows = await encodePrompts(prompts, frozen, runtime);
      const mean = rows[0]!.map(
        (_, c) => rows.reduce((sum, row) => sum + row[c]!, 0) / rows.length,
      );
      const name = `${['normal', 'abnormal'][state]}_text_feature`;
      expectRelative(mean, recorded[name]!.data, tolerance, name);
    }
  });

  it('covers the recorded windows', () => {
    const recorded = golden.tensors('outputs');
    for (const k of [2, 3]) {
      const windows = windowPatches(recording.grid, k).flat();
      expect(windows).toEqual(Array.from(recorded[`window${k}_tokens`]!.data));
    }
  });

  it('every intermediate and score, without and with references', async () => {
    const { frozen, method, features, memory } = await build();
    const { weights } = new Parameters();
    const zero = method.forward(features, weights);
    const few = method.forward(features, weights, memory);
    const ours: Record<string, Tensor> = {
      class_embedding: features.image,
      window2_embeddings: features.window2,
      window3_embeddings: features.window3,
      patch_tokens_last_block: features.patches,
      class_score: zero.scores[0]!,
      window2_scores: zero.scores[1]!,
      window3_scores: zero.scores[2]!,
      window2_map: zero.maps[0]!,
      window3_map: zero.maps[1]!,
      multiscale_map: zero.zeroMap,
      window2_association: few.associations![0]!,
      window3_association: few.associations![1]!,
      window2_association_map: few.associationMaps![0]!,
      window3_association_map: few.associationMaps![1]!,
      patch_association_map: few.associationMaps![2]!,
      few_map: few.fewMap!,
      'zero.anomaly_map': zero.map,
      'zero.image_score': zero.score,
      'few.anomaly_map': few.map,
      'few.image_score': few.score,
    };
    const results = await evaluate(
      ours,
      { image: golden.pixels('image_bytes', 'clip') },
      frozen.checkpoint.sessionOptions,
    );
    // Theirs is the sum of both maps, ours their mean.
    results['few.anomaly_map']!.data.forEach((value, i, map) => {
      map[i] = 2 * value;
    });
    const recorded = { ...golden.tensors('outputs'), ...golden.tensors('scores') };
    for (const [name, { data }] of Object.entries(recorded)) {
      if (name.endsWith('_tokens') || name.endsWith('_text_feature')) continue; // Tested above.
      expect(results[name], `'${name}' is computed`).toBeDefined();
      expectRelative(results[name]!.data, data, tolerance, name);
    }
  });
});
