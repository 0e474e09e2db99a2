import { describe, expect, it } from 'vitest';
import { expectRelative, expectWithin } from '../../test/support/close.js';
import { evaluate } from '../../test/support/evaluate.js';
import { type GoldenModel, goldenModel } from '../../test/support/goldenModel.js';
import { recordedTensors } from '../../test/support/safetensors.js';
import { goldenFolder, goldenJson, has } from '../../test/support/shared.js';
import { subtract } from '../graph/elementwise.js';
import { grad } from '../graph/gradient.js';
import { concat, reshape, transposeLast, unsqueeze } from '../graph/layout.js';
import { compile } from '../graph/onnx.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import type { HostTensor } from '../graph/session.js';
import { B } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';
import { Adam } from '../nn/adam.js';
import { presets } from './config.js';
import { iqeLoss } from './model.js';

interface Recording {
  readonly image_size: number;
  readonly stages: number[];
  readonly iqm: {
    blocks: number;
    heads: number;
    layer_norm_eps: number;
    ffn?: number;
    intermediate?: number;
  };
  readonly losses: Record<'with_masks' | 'labels_only', Record<string, number>>;
  readonly loss_before_each_adam_step: number[];
  readonly adam: { lr: number; lr_prompt_temp?: number; betas: [number, number]; eps: number };
  readonly prompt_ids: number[][] | { normal: number[]; abnormal: number[] };
  readonly r?: number;
  readonly M?: number;
  readonly D?: number;
  readonly alpha?: number;
  readonly class_tokens?: number;
  readonly learnable_prompt_length?: number;
}

type Preset = 'paper' | 'official';
type Floats = Record<string, HostTensor & { readonly data: Float32Array }>;

/** Tolerances of outputs (absolute) and losses, from the recordings' own pages. */
const outputTolerance: Record<Preset, number> = { paper: 1e-4, official: 2e-4 };
const lossTolerance = 1e-5;
const curveTolerance = 1e-4;
const gradientTolerance = 1e-3;

/**
 * A gradient this small is the rounding of a sum that is zero in theory: a constant added to all
 * channels of a token (the bias of the authors' convolution) is taken away by the next layer norm.
 */
const noise = 1e-6;

describe.each<Preset>(['paper', 'official'])('golden/%s', (preset) => {
  const present = has(`${goldenFolder}/${preset}/golden.json`);
  const recording = present ? goldenJson<Recording>(`${preset}/golden.json`) : ({} as Recording);
  const tensors = (name: string) =>
    recordedTensors(`${preset}/${name}.safetensors`) as unknown as Floats;
  const trainable = present ? ours(preset, tensors('trainable')) : {};
  const inputs = present ? tensors('inputs') : {};

  async function build(): Promise<GoldenModel> {
    return goldenModel(preset, settings(preset, recording, trainable));
  }

  function feeds(model: GoldenModel): Record<string, HostTensor> {
    const values: Record<string, HostTensor> = { image: inputs.image! };
    for (const { name, shape } of model.parameters.list) {
      const value = trainable[name];
      expect(value, `the recording has a value for the parameter '${name}'`).toBeDefined();
      values[name] = { data: Float32Array.from(value!.data), shape };
    }
    return values;
  }

  const size = recording.image_size;
  const labels = () => input('label', [B]);
  const masks = () => input('mask', [B, size, size]);
  const targets = (): Record<string, HostTensor> => ({
    label: inputs.label!,
    mask: { data: inputs.mask!.data, shape: [inputs.mask!.shape[0]!, size, size] },
  });

  it.skipIf(!present)('reads the recorded prompts', async () => {
    const ids = recording.prompt_ids;
    const expected = Array.isArray(ids) ? ids : [ids.normal, ids.abnormal];
    expect((await build()).promptIds).toEqual(expected);
  });

  it.skipIf(!present)('every intermediate', async () => {
    const model = await build();
    const { outputs } = model;
    const recorded = tensors('outputs');
    const named: Record<string, Tensor> = {
      image_features: model.embedding,
      class_tokens: outputs.classTokens!,
      query_tokens: outputs.query!,
      text_embeddings: outputs.textEmbeddings,
    };
    for (const [i, stage] of model.stages.entries()) {
      named[`stage_tokens.${i}`] = stage;
      named[`dense.${i}`] = outputs.patchTokens[i]!;
      named[`query_embeddings.${i}`] = outputs.queryEmbeddings[i]!;
      for (const [kind, map] of [
        ['query', outputs.queryMaps[i]!],
        ['text', outputs.textMaps[i]!],
      ] as const) {
        if (preset === 'paper') {
          named[`${kind}_map.${i}`] = map.pixels;
        } else {
          named[`${kind}_logits.${i}`] = map.logits;
          named[`${kind}_map.${i}`] = concat(
            [unsqueeze(subtract(1, map.pixels), 1), unsqueeze(map.pixels, 1)],
            1,
          );
        }
      }
    }
    if (preset === 'paper') {
      named.anomaly_map = outputs.anomalyMap;
      named.image_score = outputs.score;
    }
    const results = await evaluate(named, feeds(model), model.sessionOptions);
    for (const [name, expected] of Object.entries(recorded)) {
      if (preset === 'official' && name.endsWith('_scores')) continue; // In the next test.
      const result = results[name];
      expect(result, `'${name}' is computed`).toBeDefined();
      const withClass = expected.shape[1] !== result!.shape[1] && name.startsWith('stage_tokens');
      const values = withClass ? withoutFirstToken(expected) : expected.data;
      expectWithin(result!.data, values, outputTolerance[preset], name);
    }
  });

  it.skipIf(!present || preset === 'paper')('the scores that the authors print', async () => {
    const model = await build();
    const few = model.outputs;
    const zero = (
      await goldenModel(preset, {
        ...settings(preset, recording, trainable),
        score: 'mean-of-stages',
      })
    ).outputs;
    const stages = model.stages.length;
    const patchMeans = (maps: typeof few.queryMaps) =>
      transposeLast(
        reshape(
          concat(
            maps.map((map) => unsqueeze(map.patches, 1)),
            1,
          ),
          [B, stages, patchCount(maps)],
        ),
      );
    const results = await evaluate(
      {
        map: few.anomalyMap,
        few: few.score,
        zero: zero.score,
        query: patchMeans(few.queryMaps),
        text: patchMeans(few.textMaps),
      },
      feeds(model),
      model.sessionOptions,
    );
    const recorded = tensors('scores');
    const perStage = tensors('outputs');
    expectWithin(
      results.map!.data,
      recorded.anomaly_map!.data,
      outputTolerance[preset],
      'anomaly_map',
    );
    // Theirs are sums over the two maps, or over the maps of all stages: ours are means, in 0…1.
    expectWithin(
      results.few!.data.map((v) => 2 * v),
      recorded.image_score_few!.data,
      outputTolerance[preset],
      'few',
    );
    expectWithin(
      results.zero!.data.map((v) => 2 * stages * v),
      recorded.image_score_zero!.data,
      outputTolerance[preset],
      'zero',
    );
    for (const kind of ['query', 'text']) {
      const { data, shape } = results[kind]!;
      const [batch, patches] = shape as [number, number, number];
      const means = new Float32Array(stages * batch);
      for (let b = 0; b < batch; b++) {
        for (let p = 0; p < patches; p++) {
          for (let s = 0; s < stages; s++)
            means[s * batch + b]! += data[(b * patches + p) * stages + s]! / patches;
        }
      }
      expectWithin(
        means,
        perStage[`${kind}_scores`]!.data,
        outputTolerance[preset],
        `${kind}_scores`,
      );
    }
  });

  it.skipIf(!present).each(['with_masks', 'labels_only'] as const)(
    'loss and gradients, %s',
    async (kind) => {
      const model = await build();
      const terms = iqeLoss(
        model.outputs,
        labels(),
        kind === 'with_masks' ? masks() : undefined,
        model.config,
      );
      const used = model.parameters.list;
      const gradients = grad(
        terms.total,
        used.map(({ tensor }) => tensor),
      );
      const outputs: Record<string, Tensor> = { total: terms.total };
      for (const [index, { name }] of used.entries()) outputs[`d ${name}`] = gradients[index]!;
      const results = await evaluate(
        outputs,
        { ...feeds(model), ...targets() },
        model.sessionOptions,
      );
      expectRelative(results.total!.data, [recording.losses[kind].total!], lossTolerance, 'total');
      if (kind === 'labels_only' && preset === 'paper') return; // Only the loss is recorded.
      const recorded = ours(preset, tensors(`gradients_${kind}`));
      for (const [name, expected] of Object.entries(recorded)) {
        if (name.endsWith('k.bias')) continue; // Zero in theory; ours has none.
        const gradient = results[`d ${name}`];
        expect(gradient, `a gradient of '${name}'`).toBeDefined();
        const bound = gradientTolerance * largest(expected.data) + noise;
        expectWithin(gradient!.data, expected.data, bound, `gradient of ${name}`);
      }
    },
  );

  it.skipIf(!present)('five steps of Adam', async () => {
    const model = await build();
    const { total } = iqeLoss(model.outputs, labels(), masks(), model.config);
    const list = model.parameters.list;
    const gradients = grad(
      total,
      list.map(({ tensor }) => tensor),
    );
    const outputs: Record<string, Tensor> = { loss: total };
    for (const [index, { name }] of list.entries()) outputs[name] = gradients[index]!;
    const session = await nodeRuntime({ threads: 1 }).createSession(
      compile(outputs),
      model.sessionOptions,
    );
    const values = { ...feeds(model), ...targets() } as Floats;
    const moments = list.map(({ name }) => ({
      first: new Float32Array(values[name]!.data.length),
      second: new Float32Array(values[name]!.data.length),
    }));
    const { lr, lr_prompt_temp: temperatureRate = lr, betas, eps } = recording.adam;
    const adam = new Adam();
    for (const [step, expected] of recording.loss_before_each_adam_step.entries()) {
      const results = (await session.run(values)) as Floats;
      expectRelative(
        results.loss!.data,
        [expected],
        curveTolerance,
        `loss before step ${step + 1}`,
      );
      for (const [index, { name }] of list.entries()) {
        const learningRate = name === 'temperature' ? temperatureRate : lr;
        adam.step(values[name]!.data, results[name]!.data, moments[index]!, step + 1, {
          learningRate,
          betas,
          epsilon: eps,
        });
      }
    }
    const after = ours(preset, tensors('after_5_adam_steps'));
    const first = ours(preset, tensors('gradients_with_masks'));
    for (const { name } of list) {
      if (largest(first[name]!.data) < noise) continue;
      // Entries whose gradient is rounding noise may move by a step either way.
      const moved = movedTogether(values[name]!.data, after[name]!.data, trainable[name]!.data, lr);
      expect(moved, `${name} after five steps: share of entries that agree`).toBeGreaterThan(0.99);
    }
    await session.release();
  });
});

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function patchCount(maps: GoldenModel['outputs']['queryMaps']): number {
  return maps[0]!.patches.shape[1] as number;
}

/** Share of entries that lie within a tenth of a step of where they should be. */
function movedTogether(
  actual: Float32Array,
  expected: Float32Array,
  start: Float32Array,
  rate: number,
): number {
  let agreeing = 0;
  for (let i = 0; i < expected.length; i++) {
    const still = actual[i] === start[i] && expected[i] === start[i];
    if (still || Math.abs(actual[i]! - expected[i]!) <= 0.1 * rate) agreeing++;
  }
  return agreeing / expected.length;
}

function withoutFirstToken({
  data,
  shape,
}: {
  data: Float32Array;
  shape: readonly number[];
}): Float32Array {
  const [batch, tokens, width] = shape as [number, number, number];
  const rest = new Float32Array(batch * (tokens - 1) * width);
  for (let b = 0; b < batch; b++) {
    rest.set(
      data.subarray((b * tokens + 1) * width, (b + 1) * tokens * width),
      b * (tokens - 1) * width,
    );
  }
  return rest;
}

/** The model configuration of a recording: a preset at the recording's sizes. */
function settings(preset: Preset, recording: Recording, trainable: Floats): object {
  const base = presets[preset];
  const { iqm, stages, image_size: imageSize } = recording;
  const width = trainable['query.position']!.shape.at(-1)!;
  const deep = trainable['prompts.deep']!.shape;
  return {
    ...base,
    imageSize,
    stages,
    ...(recording.alpha !== undefined && { alpha: recording.alpha }),
    prompt: {
      ...base.prompt,
      classTokens: recording.r ?? recording.class_tokens,
      depth: deep[0],
      learnableTokens: deep[1],
    },
    queryModule: {
      ...base.queryModule,
      blocks: iqm.blocks,
      heads: iqm.heads,
      feedForwardFactor: (iqm.ffn ?? iqm.intermediate)! / width,
      layerNormEpsilon: iqm.layer_norm_eps,
    },
  };
}

/** Recorded parameters under our names: the paper recording has them already. */
function ours(preset: Preset, recorded: Floats): Floats {
  if (preset === 'paper') return recorded;
  const renamed: Floats = {};
  for (const [name, value] of Object.entries(recorded)) {
    const to = officialName(name);
    if (to) renamed[to] = value;
  }
  const first = recorded['clip.prompt_embeddings']!;
  const others = recorded['clip.deep_prompt_embeddings']!;
  const [layers, length, width] = others.shape as [number, number, number];
  renamed['prompts.deep'] = {
    data: Float32Array.from([...first.data, ...others.data]),
    shape: [layers + 1, length, width],
  };
  return renamed;
}

const attentions: Record<string, string> = {
  attention: 'self',
  crossattention: 'image',
  text_crossattention: 'text',
};
const projections: Record<string, string> = { query: 'q', key: 'k', value: 'v' };

/** Our name of a parameter of the authors' code; nothing for those that are joined elsewhere. */
function officialName(name: string): string | undefined {
  const layer = /^iqm\.encoder\.layer\.(\d+)\.(\w+)\.(.+)$/.exec(name);
  if (layer) {
    const [, block, part, rest] = layer as unknown as [string, string, string, string];
    if (part === 'intermediate_query') return `iqm.${block}.ffn.1.${rest.split('.').at(-1)}`;
    const kind = attentions[part] ? `iqm.${block}.${attentions[part]}` : `iqm.${block}.ffn`;
    const [, inner, leaf] = /(?:attention|output)?\.?(\w+)\.(weight|bias)$/.exec(
      rest,
    ) as unknown as [string, string, string];
    if (projections[inner]) return `${kind}.${projections[inner]}.${leaf}`;
    if (inner === 'LayerNorm') return `${kind}.norm.${leaf}`;
    return part === 'output_query' ? `${kind}.2.${leaf}` : `${kind}.o.${leaf}`;
  }
  return name.startsWith('clip.prompt_embeddings') || name.startsWith('clip.deep')
    ? undefined
    : name
        .replace('clip.prompt_proj', 'prompts.projection')
        .replace('clip.prompt_norm', 'prompts.norm')
        .replace('New_Lan_Embed.prompt_linear1.fc', 'convolution.text')
        .replace('New_Lan_Embed.prompt_query', 'prompts.class')
        .replace('New_Lan_Embed.prompt_temp', 'temperature')
        .replace('query_linear.fc', 'convolution.query')
        .replace('query_tokens', 'query.position')
        .replace(/^trainable_layer\.fc\.(\d+)/, 'adapters.$1.1')
        .replace('iqm.layernorm', 'query.norm');
}
