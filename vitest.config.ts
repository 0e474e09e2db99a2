import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Models use both cores themselves; more workers than cores only makes every test slower.
    maxWorkers: 2,
  },
});
