import { describe, expect, it } from 'vitest';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { peakMemoryMB } from './memory.node.js';
import { matrixProductRate } from './peak.js';

describe('matrixProductRate', () => {
  it('gives GFLOP/s of a real machine', async () => {
    const rate = await matrixProductRate(nodeRuntime({ threads: 1 }));
    expect(rate).toBeGreaterThan(0.1);
    expect(rate).toBeLessThan(1e5);
  });
});

describe('peakMemoryMB', () => {
  it('grows with what is in use and does not shrink again', async () => {
    const before = await peakMemoryMB();
    const block = Buffer.alloc(256e6, 1);
    const after = await peakMemoryMB();
    expect(block.length).toBe(256e6);
    expect(after).toBeGreaterThanOrEqual(before);
    expect(after).toBeGreaterThan(256);
  });
});
