import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRelative } from '../../test/support/close.js';
import { writeSmallClip } from '../../test/support/smallClip.js';
import { Random } from '../base/random.js';
import { openCheckpoint } from '../clip/checkpoint.node.js';
import { floatToHalf } from '../clip/halfPrecision.js';
import { loadTokenizer } from '../clip/tokenizer.node.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import { type RunConfig, resolveRunConfig } from './config.js';
import type { TrainingExample } from './examples.js';
import { type Backbone, openMethod } from './openMethod.js';
import { Trainer, type TrainerParts, type TrainingState } from './trainer.js';
import { readTrainingCheckpoint, trainingCheckpointParts } from './trainingCheckpoint.js';

const runtime = nodeRuntime({ threads: 1 });
const size = 24;
let folder: string;
let backbone: Backbone;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-trainer-'));
  await writeSmallClip(folder, { imageSize: size });
  backbone = { checkpoint: await openCheckpoint(folder), tokenizer: await loadTokenizer(folder) };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Random features; the abnormal ones are shifted, so that there is something to learn. */
function examples(count: number, hasMask = true): TrainingExample[] {
  return Array.from({ length: count }, (_, index) => {
    const random = new Random(index, 'example');
    const label = (index % 2) as 0 | 1;
    const stage = () => ({
      data: Uint16Array.from({ length: 9 * 32 }, () => floatToHalf(random.normal() + label)),
      shape: [1, 9, 32],
    });
    const features = {
      stage0: stage(),
      stage1: stage(),
      stage2: stage(),
      stage3: stage(),
      embedding: { data: Float32Array.from({ length: 32 }, () => random.normal()), shape: [1, 32] },
    };
    const mask = Uint8Array.from({ length: size * size }, () =>
      label === 1 && random.uniform() < 0.3 ? 1 : 0,
    );
    return { hasMask, load: async () => ({ features, label, mask: hasMask ? mask : undefined }) };
  });
}

function configuration(changes: object = {}): RunConfig {
  return resolveRunConfig({
    model: { imageSize: size, queryModule: { blocks: 1, heads: 4, dropout: 0 } },
    training: { epochs: 2, batchSize: 6, ...changes },
  });
}

async function partsOf(config: RunConfig, masks = true): Promise<TrainerParts> {
  const { training, seed } = config;
  const method = await openMethod(backbone, config, runtime, masks);
  return { method, sessionOptions: backbone.checkpoint.sessionOptions, training, seed, masks };
}

async function trained(
  config: RunConfig,
  options: { imagesPerRun?: number; masks?: boolean } = {},
): Promise<TrainingState> {
  const { masks = true, ...more } = options;
  const trainer = new Trainer({ ...(await partsOf(config, masks)), ...more }, runtime);
  const state = trainer.start();
  await trainer.train(state, examples(10, masks));
  await trainer.release();
  return state;
}

describe('Trainer', () => {
  it('gives the same gradients for a batch in parts as for a whole one', async () => {
    const whole = await trained(configuration({ epochs: 1, batchSize: 10, learningRate: 1e-2 }));
    const parts = await trained(configuration({ epochs: 1, batchSize: 10, learningRate: 1e-2 }), {
      imagesPerRun: 3,
    });
    expect(parts.history[0]).toBeCloseTo(whole.history[0]!, 5);
    for (const [name, { first }] of Object.entries(whole.moments)) {
      const largest = first.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      if (largest > 1e-6)
        expectRelative(parts.moments[name]!.first, first, 1e-3, `gradient of ${name}`);
    }
  });

  it('lowers the loss, with labels alone too', async () => {
    for (const masks of [true, false]) {
      const { history } = await trained(configuration({ epochs: 15 }), { masks });
      expect(history.at(-1)!).toBeLessThan(0.98 * history[0]!);
    }
  });

  it('goes on from a saved state as if nothing had happened', async () => {
    const config = configuration({ epochs: 2 });
    const uninterrupted = await trained(config);
    const trainer = new Trainer(await partsOf(config), runtime);
    const controller = new AbortController();
    const state = trainer.start();
    let saved = new Uint8Array();
    const stopping = trainer.train(state, examples(10), {
      signal: controller.signal,
      onStep: async (now) => {
        saved = Buffer.concat(trainingCheckpointParts(now));
        if (now.step === 3) controller.abort();
      },
    });
    await expect(stopping).rejects.toMatchObject({ code: 'interrupted' });
    const resumed = await readTrainingCheckpoint(saved, trainer.start(), 'saved');
    expect(resumed).toMatchObject({ step: 3, epoch: 1, stepInEpoch: 1 });
    await trainer.train(resumed, examples(10));
    await trainer.release();
    expect(resumed.history).toEqual(uninterrupted.history);
    for (const [name, { data }] of Object.entries(uninterrupted.values)) {
      expect(resumed.values[name]!.data, name).toEqual(data);
    }
  });

  it('names a saved state of another model', async () => {
    const config = configuration();
    const state = await trained(config);
    const { 'prompts.class': other, ...rest } = state.values;
    const bytes = Buffer.concat(trainingCheckpointParts({ ...state, values: rest }));
    await expect(readTrainingCheckpoint(bytes, state, 'RUN')).rejects.toThrow(
      /RUN has no tensor 'value\/prompts.class'/,
    );
    expect(other).toBeDefined();
  });
});
