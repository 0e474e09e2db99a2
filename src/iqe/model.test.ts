import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { writeSmallClip } from '../../test/support/smallClip.js';
import { Random } from '../base/random.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import { openCheckpoint } from '../clip/checkpoint.node.js';
import type { Tokenizer } from '../clip/tokenizer.js';
import { loadTokenizer } from '../clip/tokenizer.node.js';
import { grad } from '../graph/gradient.js';
import type { HostTensor } from '../graph/session.js';
import { B } from '../graph/shape.js';
import { input } from '../graph/tensor.js';
import { Parameters } from '../nn/parameters.js';
import { type ModelConfig, modelSchema, presets } from './config.js';
import { iqeClip, iqeLoss } from './model.js';
import { promptTemplate } from './prompts.js';

const size = 24;
const images = 3;
let folder: string;
let checkpoint: Checkpoint;
let tokenizer: Tokenizer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-model-'));
  await writeSmallClip(folder, { imageSize: size });
  checkpoint = await openCheckpoint(folder);
  tokenizer = await loadTokenizer(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function configuration(changes: object): ModelConfig {
  return modelSchema.parse({ ...changes, imageSize: size });
}

async function build(config: ModelConfig) {
  const parameters = new Parameters();
  const embedding = input('embedding', [B, 32]);
  const stages = [0, 1, 2, 3].map((stage) => input(`stage${stage}`, [B, 9, 32]));
  const prompt = await promptTemplate(config, checkpoint, tokenizer);
  const text = { clip: checkpoint.config, weights: checkpoint.tensors.weights, prompt };
  const outputs = iqeClip({ embedding, stages }, text, parameters.weights, config);
  return { parameters, outputs, prompt };
}

function feeds(parameters: Parameters): Record<string, HostTensor> {
  const random = new Random(1, 'features');
  const draw = (shape: number[]) =>
    host(
      Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
      shape,
    );
  return {
    ...parameters.initialise((name) => new Random(2, name)),
    embedding: draw([images, 32]),
    ...Object.fromEntries([0, 1, 2, 3].map((stage) => [`stage${stage}`, draw([images, 9, 32])])),
  };
}

const small = { queryModule: { blocks: 2, heads: 4, feedForwardFactor: 2 } };
const official = {
  ...presets.official,
  queryModule: { ...presets.official.queryModule, ...small.queryModule },
};

const withoutPromptTuning = { prompt: { classTokens: 0, learnableTokens: 0 } };
const inQueryModule = (changes: object) => ({ queryModule: { ...small.queryModule, ...changes } });

/** The paper's ablations (Tables 3 to 5), and the parameters that each does without. */
const ablations: [string, object, RegExp][] = [
  [
    'baseline',
    { ...withoutPromptTuning, ...inQueryModule({ use: false }) },
    /^(mlp|prompts|query|iqm)\./,
  ],
  ['without prompt tuning', { ...small, ...withoutPromptTuning }, /^(mlp\.text|prompts)\./],
  ['without query module', inQueryModule({ use: false }), /^(mlp\.query|query|iqm)\./],
  [
    'without class-based tokens',
    { ...small, prompt: { classTokens: 0 } },
    /^(mlp\.text\.|prompts\.class$)/,
  ],
  ['without learnable tokens', { ...small, prompt: { learnableTokens: 0 } }, /^prompts\.deep$/],
  ['without class initialisation', inQueryModule({ classInit: false }), /^mlp\.query\./],
  ['without text attention', inQueryModule({ textAttention: false }), /^iqm\.\d+\.text\./],
  ['without image attention', inQueryModule({ imageAttention: false }), /^iqm\.\d+\.image\./],
];

/** The presets, and each choice in which they differ put into the other. */
const variants: [string, object][] = [
  ['paper', small],
  ['official', official],
  ['paper with the convolution', { ...small, classTokens: 'convolution' }],
  ['paper with one linear adapter', { ...small, adapter: 'linear' }],
  ['paper with a temperature', { ...small, textTemperature: 'learnable' }],
  ...ablations.map(([name, settings]): [string, object] => [name, settings]),
  ['official with the MLP', { ...official, classTokens: 'mlp' }],
  [
    'official read at the end token',
    { ...official, prompt: { ...official.prompt, readout: 'end-token' } },
  ],
];

describe('iqeClip', () => {
  it.each(variants)(
    '%s: maps and scores in 0…1, a gradient for every parameter',
    async (_, settings) => {
      const config = configuration(settings);
      const { parameters, outputs } = await build(config);
      const { total } = iqeLoss(
        outputs,
        input('label', [B]),
        input('mask', [B, size, size]),
        config,
      );
      const gradients = grad(
        total,
        parameters.list.map(({ tensor }) => tensor),
      );
      const named = Object.fromEntries(
        gradients.map((gradient, index) => [`d ${parameters.list[index]!.name}`, gradient]),
      );
      const values = {
        ...feeds(parameters),
        label: host([0, 1, 1], [images]),
        mask: host(
          Array.from({ length: images * size * size }, (__, i) => (i % 7 === 0 ? 1 : 0)),
          [images, size, size],
        ),
      };
      const result = await evaluate(
        { map: outputs.anomalyMap, score: outputs.score, total, ...named },
        values,
        checkpoint.sessionOptions,
      );
      expect(result.map!.shape).toEqual([images, size, size]);
      expect(result.score!.shape).toEqual([images]);
      for (const { data } of [result.map!, result.score!]) {
        expect(data.every((value) => value >= 0 && value <= 1)).toBe(true);
      }
      expect(result.total!.data[0]).toBeGreaterThan(0);
      for (const { name, shape } of parameters.list) {
        const { data, shape: got } = result[`d ${name}`]!;
        expect(got, name).toEqual(shape);
        expect(data.every(Number.isFinite), name).toBe(true);
      }
    },
  );

  it.each(ablations)('%s: trains all parameters but its own', async (_, settings, without) => {
    const names = async (of: object) =>
      (await build(configuration(of))).parameters.list.map(({ name }) => name);
    const all = await names(small);
    const left = all.filter((name) => !without.test(name));
    expect(left.length).toBeLessThan(all.length);
    expect(await names(settings)).toEqual(left);
  });

  it('needs a class token where one is read', async () => {
    const config = configuration({ ...official, prompt: { ...official.prompt, classTokens: 0 } });
    await expect(promptTemplate(config, checkpoint, tokenizer)).rejects.toThrow('no last one');
  });

  it('scores an image alike alone and in a batch', async () => {
    const config = configuration(small);
    const { parameters, outputs } = await build(config);
    const all = feeds(parameters);
    const { score, map } = await evaluate(
      { score: outputs.score, map: outputs.anomalyMap },
      all,
      checkpoint.sessionOptions,
    );
    const single = Object.fromEntries(
      Object.entries(all).map(([name, { data, shape }]) => {
        if (!/^(embedding|stage\d)$/.test(name)) return [name, { data, shape }];
        const rest = shape.slice(1);
        const length = rest.reduce((a, b) => a * b);
        return [
          name,
          { data: (data as Float32Array).slice(length, 2 * length), shape: [1, ...rest] },
        ];
      }),
    );
    const alone = await evaluate(
      { score: outputs.score, map: outputs.anomalyMap },
      single,
      checkpoint.sessionOptions,
    );
    expectClose(alone.score!.data, [score!.data[1]!], 1e-5, 'score');
    expectClose(alone.map!.data, map!.data.subarray(size * size, 2 * size * size), 1e-5, 'map');
  });

  it('reads states of different lengths each at its own end', async () => {
    const states = ['normal', 'abnormal abnormal'];
    const { prompt, outputs, parameters } = await build(
      configuration({ ...small, prompt: { states } }),
    );
    expect(prompt.groups).toHaveLength(2);
    expect(prompt.groups.map(({ states }) => states)).toEqual([[0], [1]]);
    const { text } = await evaluate(
      { text: outputs.textEmbeddings },
      feeds(parameters),
      checkpoint.sessionOptions,
    );
    expect(text!.shape).toEqual([images, 2, 32]);
  });

  it('refuses a prompt longer than the text tower, and a tokenizer of another vocabulary', async () => {
    const long = configuration({ prompt: { template: 'a photo '.repeat(30) } });
    await expect(promptTemplate(long, checkpoint, tokenizer)).rejects.toMatchObject({
      code: 'config',
    });
    const clip = await loadTokenizer();
    await expect(promptTemplate(configuration({}), checkpoint, clip)).rejects.toThrow(
      '49408 tokens',
    );
  });
});
