import { expect, it } from 'vitest';
import { expectRelative } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { recordedTensors } from '../../../test/support/safetensors.js';
import { describeWith, goldenFolder, goldenJson } from '../../../test/support/shared.js';
import { transpose } from '../../graph/layout.js';
import type { HostTensor } from '../../graph/session.js';
import { constant, input } from '../../graph/tensor.js';
import { distanceNorms, greedyCoreset, meanDistances } from './coreset.js';
import { patchEmbedding } from './embedding.js';
import { score } from './patchcore.js';

interface Recording {
  readonly layers: readonly string[];
  readonly target_embed_dimension: number;
  readonly coreset_fraction: number;
}

const tolerance = 1e-4;
const folder = 'methods/patchcore';

describeWith(`${goldenFolder}/${folder}/golden.json`, 'golden/methods/patchcore', () => {
  const recording = goldenJson<Recording>(`${folder}/golden.json`);
  const tensors = (file: string) =>
    recordedTensors(`${folder}/${file}.safetensors`) as unknown as Record<
      string,
      HostTensor & { readonly data: Float32Array }
    >;
  const inputs = tensors('inputs');
  const outputs = tensors('outputs');

  it.each(['train', 'test'])('the embedding of the %s images', async (part) => {
    const feeds: Record<string, HostTensor> = {};
    const maps = recording.layers.map((layer) => {
      const { data, shape } = inputs[`${part}.${layer}`]!;
      feeds[layer] = { data, shape };
      return transpose(input(layer, shape), [0, 2, 3, 1]);
    });
    const width = recording.target_embed_dimension;
    const { embedding } = await evaluate({ embedding: patchEmbedding(maps, width) }, feeds);
    expectRelative(embedding!.data, outputs[`${part}_embedding`]!.data, tolerance);
  });

  it('the coresets and the memory', () => {
    const { data, shape } = inputs.projected_train_embedding!;
    const [count, width] = shape as [number, number];
    const points = { count, width, data };
    const start = Array.from(inputs.start_points!.data, Number);
    const size = Math.floor(recording.coreset_fraction * count);

    const approximate = meanDistances(points, start);
    expectRelative(approximate, outputs.first_anchor_distances!.data, tolerance);
    const chosen = greedyCoreset(points, size, approximate);
    expect([...chosen]).toEqual(Array.from(outputs.coreset_indices!.data, Number));
    const exact = greedyCoreset(points, size, distanceNorms(points));
    expect([...exact]).toEqual(Array.from(outputs.coreset_indices_exact!.data, Number));

    const embedding = outputs.train_embedding!;
    const columns = embedding.shape[1]!;
    const memory = [...chosen].flatMap((row) => [
      ...embedding.data.subarray(row * columns, (row + 1) * columns),
    ]);
    expectRelative(memory, outputs.memory!.data, tolerance);
  });

  it('the scores and maps', async () => {
    const recorded = tensors('scores');
    const [images, imageSize] = recorded.anomaly_map!.shape as [number, number];
    const { data, shape } = outputs.test_embedding!;
    const [rows, width] = shape as [number, number];
    const memory = outputs.memory!;
    const patches = constant(data, [images, rows / images, width]);
    const ours = score(patches, constant(memory.data, memory.shape), imageSize);
    const { unsmoothed } = ours;
    const { distances, map, image, before } = await evaluate({
      distances: ours.distances,
      map: ours.map,
      before: unsmoothed,
      image: ours.score,
    });
    expectRelative(distances!.data, recorded.patch_scores!.data, tolerance);
    expectRelative(image!.data, recorded.image_score!.data, tolerance);
    expectRelative(before!.data, recorded.anomaly_map_unsmoothed!.data, tolerance);
    expectRelative(map!.data, recorded.anomaly_map!.data, tolerance);
  });
});
