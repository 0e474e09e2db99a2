import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { featureStore, machineSchema, runtimeOptions } from './machine.js';

it('runtimeOptions names the execution provider, and threads where they are given', () => {
  expect(runtimeOptions(machineSchema.parse({}))).toEqual({ executionProviders: ['cpu'] });
  expect(runtimeOptions(machineSchema.parse({ device: 'webgpu', threads: 3 }))).toEqual({
    executionProviders: ['webgpu'],
    threads: 3,
  });
});

it('featureStore keeps to the limit, and is where the user said', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'features '));
  const features = { stage: { data: new Float32Array(1000), shape: [1000] } };
  const store = (gigabytes: number) =>
    featureStore(machineSchema.parse({ cache: folder, cacheLimit: gigabytes }), {});
  await (await store(1)).put('first', features);
  const later = await store(6e-6); // 6 kB: one entry
  expect((await later.get('first'))?.stage?.shape).toEqual([1000]);
  await (await store(6e-6)).put('second', features);
  expect(await later.get('first')).toBeUndefined();
  expect(await later.get('second')).toBeDefined();
  await rm(folder, { recursive: true });
});
