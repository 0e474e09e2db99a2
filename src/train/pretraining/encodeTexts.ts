import type { Checkpoint } from '../../clip/checkpoint.js';
import { textBlocks, textHead } from '../../clip/textTower.js';
import type { Tokenizer } from '../../clip/tokenizer.js';
import { add } from '../../graph/elementwise.js';
import { gatherRows } from '../../graph/gather.js';
import { slice, take } from '../../graph/layout.js';
import { l2Normalize } from '../../graph/normalization.js';
import { compile } from '../../graph/onnx.js';
import type { Runtime } from '../../graph/session.js';
import { integers, type Tensor } from '../../graph/tensor.js';

/** Embeddings of texts by a checkpoint's text tower, of length 1: [C] each. */
export async function encodeTexts(
  checkpoint: Checkpoint,
  tokenizer: Tokenizer,
  texts: readonly string[],
  runtime: Runtime,
): Promise<Float32Array[]> {
  const { config, tensors } = checkpoint;
  const { width, vocabularySize, contextLength } = config.text;
  const embeddings = tensors.weights.at('text_model').at('embeddings');
  const table = embeddings.at('token_embedding').get('weight', [vocabularySize, width]);
  const positions = embeddings.at('position_embedding').get('weight', [contextLength, width]);
  const outputs: Record<string, Tensor> = {};
  for (const [index, text] of texts.entries()) {
    const ids = tokenizer.encodeToLength(text, contextLength);
    const words = gatherRows(table, integers(ids, [1, ids.length]));
    const embedded = add(words, slice(positions, 0, 0, ids.length));
    const end = take(textBlocks(embedded, tensors.weights, config).at(-1)!, 1, -1);
    outputs[`text${index}`] = l2Normalize(textHead(end, tensors.weights, config));
  }
  const session = await runtime.createSession(compile(outputs), checkpoint.sessionOptions);
  const results = await session.run({});
  await session.release();
  return texts.map((_, index) => results[`text${index}`]!.data as Float32Array);
}
