import { IqeError } from '../../base/errors.js';
import type { Checkpoint } from '../../clip/checkpoint.js';
import { textBlocks, textHead } from '../../clip/textTower.js';
import type { Tokenizer } from '../../clip/tokenizer.js';
import { multiply } from '../../graph/elementwise.js';
import { compile } from '../../graph/onnx.js';
import type { Runtime } from '../../graph/session.js';
import { sum } from '../../graph/sum.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';

/**
 * Compositional prompt ensemble (WinCLIP, section 4.1): every state in every template. `{}` stands for
 * the object in a state, and for the state in a template.
 */
export interface PromptEnsemble {
  readonly normal: readonly string[];
  readonly abnormal: readonly string[];
  readonly templates: readonly string[];
}

const normalStates = [
  '{}',
  'flawless {}',
  'perfect {}',
  'unblemished {}',
  '{} without flaw',
  '{} without defect',
  '{} without damage',
];
const shortcomings = ['{} with flaw', '{} with defect', '{} with damage'];

/** Both articles of each template. */
const articles = (templates: readonly string[]) =>
  templates.flatMap((template) => [template.replace('*', 'a'), template.replace('*', 'the')]);

/** 7 normal and 5 abnormal states × 35 templates: APRIL-GAN, MVFA. */
export const compositionalEnsemble: PromptEnsemble = {
  normal: normalStates,
  abnormal: ['damaged {}', 'broken {}', ...shortcomings],
  templates: [
    ...articles([
      'a bad photo of * {}.',
      'a low resolution photo of * {}.',
      'a cropped photo of * {}.',
      'a bright photo of * {}.',
      'a dark photo of * {}.',
      'a photo of * cool {}.',
      'a close-up photo of * {}.',
      'a black and white photo of * {}.',
      'a jpeg corrupted photo of * {}.',
      'a blurry photo of * {}.',
      'a photo of * {}.',
      'a good photo of * {}.',
      'a photo of * large {}.',
      'a photo of * small {}.',
      'there is * {} in the scene.',
      'this is * {} in the scene.',
    ]),
    'a photo of my {}.',
    'a photo of one {}.',
    'this is one {} in the scene.',
  ],
};

/**
 * WinCLIP's 7 normal and 4 abnormal states × 21 templates, as its re-implementations have them: "a
 * cropped photo of a" is missing, and "a jpeg corrupted photo of the" counts twice, in place of "a".
 */
export const winclipEnsemble: PromptEnsemble = {
  normal: normalStates,
  abnormal: ['damaged {}', ...shortcomings],
  templates: [
    ...articles([
      'a close-up photo of * {}.',
      'a bright photo of * {}.',
      'a dark photo of * {}.',
      'a blurry photo of * {}.',
      'a photo of * {}.',
      'a photo of * small {}.',
      'a photo of * large {}.',
      'a photo of * {} for visual inspection.',
      'a photo of * {} for anomaly detection.',
    ]),
    'a cropped photo of the {}.',
    'a jpeg corrupted photo of the {}.',
    'a jpeg corrupted photo of the {}.',
  ],
};

/** The prompts of both states for `object`: normal, abnormal. */
export function ensemblePrompts(ensemble: PromptEnsemble, object: string): [string[], string[]] {
  const prompts = (states: readonly string[]) =>
    states.flatMap((state) =>
      ensemble.templates.map((template) =>
        template.replace('{}', () => state.replace('{}', () => object)),
      ),
    );
  return [prompts(ensemble.normal), prompts(ensemble.abnormal)];
}

/** Prompts as the text tower reads them. */
export interface EmbeddedPrompts {
  /** Token plus position embeddings [S, N, D]; what follows an end token never matters. */
  readonly embedded: Tensor;
  /** Where each prompt's end token is. */
  readonly ends: readonly number[];
}

/**
 * What the text tower reads for `prompts`, N tokens each, as many as the longest takes: only the rows
 * of the checkpoint's table that occur are read.
 *
 * @throws {IqeError} `config` if a prompt does not fit the text tower's context.
 */
export async function embedPrompts(
  prompts: readonly string[],
  { tensors, config: { text } }: Checkpoint,
  tokenizer: Tokenizer,
): Promise<EmbeddedPrompts> {
  const { width, contextLength, vocabularySize } = text;
  const ids = prompts.map((prompt) => tokenizer.encode(prompt));
  const ends = ids.map(({ length }) => length - 1);
  const longest = 1 + Math.max(...ends);
  if (longest > contextLength) {
    const prompt = prompts[ends.indexOf(longest - 1)]!;
    throw new IqeError(
      'config',
      `The prompt '${prompt}' takes ${longest} tokens, the text tower has ${contextLength} positions.`,
      { hint: 'Use a shorter class name.' },
    );
  }
  const rows = (table: string, count: number, wanted: readonly number[]) =>
    tensors.readRows(`text_model.embeddings.${table}.weight`, [count, width], wanted);
  const used = [...new Set(ids.flat())];
  const tokens = await rows('token_embedding', vocabularySize, used);
  const places = Array.from({ length: longest }, (_, place) => place);
  const positions = await rows('position_embedding', contextLength, places);

  const row = new Map(used.map((id, index) => [id, index * width]));
  const data = new Float32Array(prompts.length * longest * width);
  for (const [prompt, own] of ids.entries()) {
    for (const [place, id] of own.entries()) {
      const at = (prompt * longest + place) * width;
      const token = row.get(id)!;
      for (let c = 0; c < width; c++) {
        data[at + c] = tokens[token + c]! + positions[place * width + c]!;
      }
    }
  }
  return { embedded: constant(data, [prompts.length, longest, width]), ends };
}

/** The tokens at the ends of S sequences: [..., S, N, D] → [..., S, D]. */
export function readAtEnds(x: Tensor, ends: readonly number[]): Tensor {
  const length = x.shape.at(-2) as number;
  const places = new Float32Array(ends.length * length);
  for (const [sequence, end] of ends.entries()) places[sequence * length + end] = 1;
  return sum(multiply(x, constant(places, [ends.length, length, 1])), [-2]);
}

/** The text tower's embeddings of `prompts`, not normalised: a row of C values for each. */
export async function encodePrompts(
  prompts: readonly string[],
  { checkpoint, tokenizer, clip }: FrozenClip,
  runtime: Runtime,
): Promise<Float32Array[]> {
  const { embedded, ends } = await embedPrompts(prompts, checkpoint, tokenizer);
  const { weights } = checkpoint.tensors;
  const last = textBlocks(embedded, weights, clip).at(-1)!;
  const embeddings = textHead(readAtEnds(last, ends), weights, clip);
  const session = await runtime.createSession(compile({ embeddings }), checkpoint.sessionOptions);
  try {
    const data = (await session.run({})).embeddings!.data as Float32Array;
    const width = clip.embeddingWidth;
    return prompts.map((_, row) => data.slice(row * width, (row + 1) * width));
  } finally {
    await session.release();
  }
}

/**
 * t_s = mean_i e_i over the prompts of a state s, the e_i divided by their lengths before the mean if
 * `normalise` (APRIL-GAN and its kin), as they are if not (WinCLIP).
 *
 * @returns normal, abnormal [2, C]; of unit length if `normalise`
 */
export async function ensembleEmbeddings(
  prompts: readonly [normal: readonly string[], abnormal: readonly string[]],
  frozen: FrozenClip,
  runtime: Runtime,
  normalise: boolean,
): Promise<Tensor> {
  const rows = await encodePrompts(prompts.flat(), frozen, runtime);
  const states = [rows.slice(0, prompts[0].length), rows.slice(prompts[0].length)];
  const width = frozen.clip.embeddingWidth;
  const means = states.map((embeddings) => {
    const total = new Float64Array(width);
    for (const embedding of embeddings) {
      const weight = normalise ? 1 / Math.hypot(...embedding) : 1 / embeddings.length;
      for (let c = 0; c < width; c++) total[c]! += weight * embedding[c]!;
    }
    const length = normalise ? Math.hypot(...total) : 1;
    return total.map((value) => value / length);
  });
  return constant(Float32Array.from(means.flatMap((mean) => [...mean])), [2, width]);
}
