import { describe, expect, it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { evaluate } from '../../test/support/evaluate.js';
import { recordedTensors } from '../../test/support/safetensors.js';
import { goldenFolder, has } from '../../test/support/shared.js';
import { add, exp, multiply } from '../graph/elementwise.js';
import { gatherRows } from '../graph/gather.js';
import { reshape, transposeLast } from '../graph/layout.js';
import { matmul } from '../graph/matmul.js';
import { l2Normalize, layerNorm } from '../graph/normalization.js';
import { B } from '../graph/shape.js';
import { constant, input, integers, type Tensor } from '../graph/tensor.js';
import { openCheckpoint } from './checkpoint.node.js';
import { frozenImageTower } from './frozenImageTower.js';
import { gridSize, resizePositions } from './imageTower.js';
import { textBlocks, textHead } from './textTower.js';

const tolerance = 2e-5;

describe.each(['clip_quickgelu', 'clip_gelu'])('%s against recorded activations', (folder) => {
  const present = has(`${goldenFolder}/${folder}`);
  const recorded = present ? recordedTensors(`${folder}/expected.safetensors`) : {};
  const floats = (name: string) => recorded[name]!.data as Float32Array;

  it.skipIf(!present)('image tower, at every recorded size', async () => {
    const checkpoint = await openCheckpoint(`${goldenFolder}/${folder}`);
    for (const name of Object.keys(recorded).filter((key) => key.endsWith('pixel_values'))) {
      const prefix = name.slice(0, -'pixel_values'.length);
      const { shape, data } = recorded[name]!;
      const pixelValues = input('pixelValues', [B, 3, shape[2]!, shape[3]!]);
      const { hidden, pooled, embedding } = await frozenImageTower(checkpoint, pixelValues);
      const outputs: Record<string, Tensor> = { vision_pooled: pooled, image_embeds: embedding };
      for (const [index, x] of hidden.entries()) outputs[`vision_hidden_${index}`] = x;
      const results = await evaluate(
        outputs,
        { pixelValues: { data: data as Float32Array, shape } },
        checkpoint.sessionOptions,
      );
      for (const [key, result] of Object.entries(results)) {
        expectClose(result.data, floats(prefix + key), tolerance, prefix + key);
      }
    }
  });

  it.skipIf(!present)('positions, at every recorded size', async () => {
    const checkpoint = await openCheckpoint(`${goldenFolder}/${folder}`);
    const { config } = checkpoint;
    const { width, imageSize } = config.vision;
    const name = 'vision_model.embeddings.position_embedding.weight';
    const own = await checkpoint.tensors.read(name, [1 + gridSize(config, imageSize) ** 2, width]);
    const sizes = Object.keys(recorded).filter((key) => key.endsWith('.positions'));
    expect(sizes.length).toBeGreaterThan(0);
    for (const key of sizes) {
      const grid = gridSize(config, Number.parseInt(key, 10));
      expectClose(resizePositions(own, width, grid), floats(key), tolerance, key);
    }
  });

  it.skipIf(!present)('text tower and logits', async () => {
    const checkpoint = await openCheckpoint(`${goldenFolder}/${folder}`);
    const { config } = checkpoint;
    const { weights } = checkpoint.tensors;
    const { data: ids, shape } = recorded.input_ids! as unknown as {
      data: Int32Array;
      shape: [number, number];
    };
    const [texts, length] = shape;
    const { width, vocabularySize, contextLength } = config.text;
    const table = weights.get('text_model.embeddings.token_embedding.weight', [
      vocabularySize,
      width,
    ]);
    const positions = weights.get('text_model.embeddings.position_embedding.weight', [
      contextLength,
      width,
    ]);
    const embedded = add(gatherRows(table, integers([...ids], [texts, length])), positions);
    const hidden = textBlocks(embedded, weights, config);
    const last = hidden.at(-1)!;
    const norm = weights.at('text_model').at('final_layer_norm');
    const normed = layerNorm(
      last,
      norm.get('weight', [width]),
      norm.get('bias', [width]),
      config.text.layerNormEpsilon,
    );
    // The first largest token of each text is its end: one row of a selection matrix.
    const selection = new Float32Array(texts * length);
    for (let text = 0; text < texts; text++) {
      const row = ids.subarray(text * length, (text + 1) * length);
      selection[text * length + row.indexOf(Math.max(...row))] = 1;
    }
    const pick = (x: Tensor) => matmul(constant(selection, [texts, 1, length]), x);
    const textEmbeds = textHead(pick(last), weights, config);
    const images = constant(floats('image_embeds'), recorded.image_embeds!.shape);
    const unit = l2Normalize(textEmbeds);
    const scale = exp(weights.get('logit_scale', []));
    const outputs: Record<string, Tensor> = {
      text_last_hidden: normed,
      text_pooled: pick(normed),
      text_embeds: textEmbeds,
      logits_per_image: multiply(
        matmul(l2Normalize(images), transposeLast(reshape(unit, [texts, config.embeddingWidth]))),
        scale,
      ),
    };
    for (const [index, x] of hidden.entries()) outputs[`text_hidden_${index}`] = x;
    const results = await evaluate(outputs, {}, checkpoint.sessionOptions);
    for (const [key, result] of Object.entries(results)) {
      expectClose(result.data, floats(key), tolerance, key);
    }
  });
});
