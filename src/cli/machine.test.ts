import { expect, it } from 'vitest';
import { machineSchema, runtimeOptions } from './machine.js';

it('runtimeOptions names the execution provider, and threads where they are given', () => {
  expect(runtimeOptions(machineSchema.parse({}))).toEqual({ executionProviders: ['cpu'] });
  expect(runtimeOptions(machineSchema.parse({ device: 'webgpu', threads: 3 }))).toEqual({
    executionProviders: ['webgpu'],
    threads: 3,
  });
});
