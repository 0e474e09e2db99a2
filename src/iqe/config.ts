import { z } from 'zod';

const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  fallback: T[number],
  text: string,
) =>
  z
    .enum(values)
    .default(fallback as never)
    .describe(text);

/**
 * Every choice of the method, with the `paper` preset's as defaults. Each field's text says where the
 * authors' code differs (`official`) and which choices are ours because the paper leaves them open.
 */
export const modelSchema = z.strictObject({
  imageSize: z
    .int()
    .min(16)
    .max(2048)
    .default(240)
    .describe('Side S of the square that images are resized to, in pixels.'),
  stages: z
    .array(z.int().positive())
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Blocks of the image tower whose patch tokens are used, counted from 1; null: every quarter of the depth.',
    ),
  activation: choice(
    ['checkpoint', 'gelu', 'quick_gelu'],
    'checkpoint',
    "Activation of both CLIP towers. official: gelu, although OpenAI's weights are made for quick_gelu.",
  ),
  inputNormalization: choice(
    ['clip', 'none'],
    'clip',
    "Whether CLIP's mean and deviation are applied to pixels. official: none.",
  ),
  prompt: z
    .strictObject({
      template: z
        .string()
        .default('a photo of a {state} {class}')
        .describe('General textual prompt (Eq. 1). official: ends in a full stop.'),
      className: z
        .string()
        .default('class')
        .describe(
          'What {class} stands for; the literal word keeps the prompt class-agnostic. official: <|class|>.',
        ),
      states: z
        .tuple([z.string(), z.string()])
        .default(['normal', 'abnormal'])
        .describe('The two {state} words.'),
      readout: choice(
        ['end-token', 'last-class-token'],
        'end-token',
        'Position whose output is the text embedding. official: the class tokens overwrite the end token and the last of them is read.',
      ),
      classTokens: z
        .int()
        .min(0)
        .max(16)
        .default(2)
        .describe(
          "r, class-based prompting tokens (Eq. 3). Not given in the paper; 2 as in the authors' code. 0: none (Table 4).",
        ),
      learnableTokens: z
        .int()
        .min(0)
        .max(32)
        .default(4)
        .describe(
          'M, learnable prompting tokens per layer (Eq. 4). official: 1. 0: none (Table 4).',
        ),
      depth: z
        .int()
        .min(0)
        .default(11)
        .describe(
          'D, text layers with learnable tokens of their own; no more than the tower has. official: all.',
        ),
      projection: z
        .boolean()
        .default(false)
        .describe('Whether learnable tokens pass through one shared linear layer. official: yes.'),
      norm: z
        .boolean()
        .default(false)
        .describe('Whether a trained layer norm precedes the frozen last one. official: yes.'),
      start: choice(
        ['normal', 'uniform'],
        'normal',
        'Start of learnable tokens: N(0, 0.02²) or, official, U(−1, 1).',
      ),
    })
    .prefault({}),
  classTokens: choice(
    ['mlp', 'convolution'],
    'mlp',
    'How the image enters prompts and query (Eq. 2): an MLP on the class token, or, official, a convolution of width 3 over its channels.',
  ),
  adapter: choice(
    ['linear-relu-linear', 'linear'],
    'linear-relu-linear',
    'Query adapter (Eq. 5). official: linear.',
  ),
  queryModule: z
    .strictObject({
      use: z
        .boolean()
        .default(true)
        .describe('Whether there are query maps; else the text maps are all (Tables 3, 5).'),
      classInit: z
        .boolean()
        .default(true)
        .describe("Whether the first query has the image's class token in it (Table 5)."),
      textAttention: z
        .boolean()
        .default(true)
        .describe('Whether queries attend to the text embeddings (Eq. 8; Table 5).'),
      imageAttention: z
        .boolean()
        .default(true)
        .describe('Whether queries attend to the patch tokens (Eq. 9; Table 5).'),
      blocks: z.int().min(1).max(24).default(4).describe('N, blocks of the query module.'),
      heads: z.int().min(1).default(8).describe('H, attention heads.'),
      order: choice(
        ['text-image', 'image-text'],
        'text-image',
        'Order of the cross-attentions (Eq. 8, 9). official: image first.',
      ),
      feedForward: choice(
        ['after-each-attention', 'once'],
        'after-each-attention',
        'Feed-forward networks per block: three (Eq. 7–9), or, official, one.',
      ),
      feedForwardFactor: z
        .number()
        .positive()
        .default(4)
        .describe(
          "Width of the feed-forward networks over C. Not given in the paper; 4 as in the authors' code.",
        ),
      positions: z
        .boolean()
        .default(true)
        .describe('Positional embedding inside of the attention (Eq. 6). official: none.'),
      inputNorm: z
        .boolean()
        .default(false)
        .describe('Layer norm (and dropout) before the first block. official: yes.'),
      layerNormEpsilon: z.number().positive().default(1e-5).describe('official: 1e-12.'),
      dropout: z
        .number()
        .min(0)
        .lt(1)
        .default(0.1)
        .describe(
          'Dropout of attention weights, attention outputs and feed-forward outputs in training.',
        ),
    })
    .prefault({}),
  textTemperature: choice(
    ['none', 'learnable'],
    'none',
    'Temperature of the text map (Eq. 11). official: learnable, from 1/0.07.',
  ),
  softmaxBeforeUpsampling: z
    .boolean()
    .default(true)
    .describe('Whether maps are upsampled as probabilities (Eq. 10, 11) or, official, as logits.'),
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('α, weight of the query map in the anomaly map (Eq. 12).'),
  loss: z
    .strictObject({
      weighting: choice(
        ['alpha', 'none'],
        'alpha',
        'α·text + (1 − α)·query (Eq. 14), or, official, all terms alike.',
      ),
      detection: choice(
        ['maximum', 'mean-logits'],
        'maximum',
        'Image loss: BCE of the largest pixel (Eq. 13), or, official, BCE with logits of the mean over patches.',
      ),
    })
    .prefault({}),
  score: choice(
    ['maximum', 'mean', 'mean-of-stages'],
    'maximum',
    'Image score: largest pixel of the anomaly map; official few-shot: mean over pixels of both maps; official zero-shot: sum over stages of the mean over patches.',
  ),
  smoothing: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'σ in pixels of the Gaussian that smooths the anomaly map after the score is taken. official: 8.',
    ),
});

export type ModelConfig = z.infer<typeof modelSchema>;

/** The two named presets: `paper` is the schema's defaults, `official` what the authors' code does. */
export const presets: Readonly<Record<'paper' | 'official', z.input<typeof modelSchema>>> = {
  paper: {},
  official: {
    activation: 'gelu',
    inputNormalization: 'none',
    prompt: {
      template: 'a photo of a {state} {class}.',
      className: '<|class|>',
      readout: 'last-class-token',
      learnableTokens: 1,
      depth: 12,
      projection: true,
      norm: true,
      start: 'uniform',
    },
    classTokens: 'convolution',
    adapter: 'linear',
    queryModule: {
      order: 'image-text',
      feedForward: 'once',
      positions: false,
      inputNorm: true,
      layerNormEpsilon: 1e-12,
    },
    textTemperature: 'learnable',
    softmaxBeforeUpsampling: false,
    loss: { weighting: 'none', detection: 'mean-logits' },
    score: 'mean',
    smoothing: 8,
  },
};
