import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { png } from '../../test/support/images.js';
import { writeSmallClip } from '../../test/support/smallClip.js';
import { spotImage } from '../../test/support/smallDataSet.js';
import { checkpointFromBytes } from '../clip/checkpoint.js';
import { loadTokenizer } from '../clip/tokenizer.node.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import { AnomalyDetector } from './detector.js';
import { NodeAnomalyDetector } from './nodeDetector.node.js';

const size = 48;
const config = {
  model: { imageSize: size, queryModule: { blocks: 1, heads: 4 } },
  training: { epochs: 12, batchSize: 8, augmentations: ['identity', 'flip-left-right'] },
};

const spot = (index: number, abnormal: boolean) => spotImage(size, index, abnormal);

const support = [spot(0, false), spot(1, false), spot(2, true), spot(3, true)];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-detector-'));
  await writeSmallClip(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('AnomalyDetector, with everything in memory as in a browser', () => {
  it('learns from a few images and scores others', async () => {
    const files = { 'model.safetensors': await readFile(join(folder, 'model.safetensors')) };
    const text = await readFile(join(folder, 'config.json'), 'utf8');
    const checkpoint = await checkpointFromBytes(text, files, 'small');
    const backbone = { checkpoint, tokenizer: await loadTokenizer(folder) };
    const detector = new AnomalyDetector(backbone, nodeRuntime({ threads: 1 }));
    await expect(detector.predict(support[0]!.image)).rejects.toThrow('learned nothing');
    await expect(detector.fit(support.slice(0, 2))).rejects.toThrow('normal and abnormal');

    await detector.fit(support, { config });
    const history = detector.head!.history;
    expect(history.at(-1)).toBeLessThan(history[0]!);
    expect(detector.head!.decision.chosenOn).toBe('support images');
    const prediction = await detector.predict(support[2]!.image);
    expect(prediction.score).toBeGreaterThanOrEqual(0);
    expect(prediction.score).toBeLessThanOrEqual(1);
    expect(prediction.map).toMatchObject({ width: size, height: size });

    const aborted = AbortSignal.abort();
    await expect(detector.predict(support[0]!.image, { signal: aborted })).rejects.toMatchObject({
      code: 'interrupted',
    });
    await expect(detector.fit(support, { config, signal: aborted })).rejects.toMatchObject({
      code: 'interrupted',
    });
    await detector.dispose();
    await expect(detector.predict(support[0]!.image)).rejects.toThrow('learned nothing');
  });
});

describe('AnomalyDetector in Node', () => {
  it('takes paths and bytes of files', async () => {
    const bytes = await png(size, size, 1, support[0]!.image.data);
    const detector = await NodeAnomalyDetector.fromPretrained(folder, { threads: 1 });
    const stages = new Set<string>();
    await detector.fit([{ ...support[0]!, image: bytes }, ...support.slice(1)], {
      config,
      progress_callback: ({ stage }) => void stages.add(stage),
    });
    expect([...stages]).toContain('training');
    const fromBytes = await detector.predict(bytes);
    const fromPixels = await detector.predict(support[0]!.image);
    expect(fromBytes.score).toBe(fromPixels.score);
    await expect(detector.predict(join(folder, 'missing.png'))).rejects.toMatchObject({
      code: 'unreadable',
    });
    await detector.dispose();
  });
});
