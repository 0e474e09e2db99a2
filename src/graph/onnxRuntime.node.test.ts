import { describe, expect, it } from 'vitest';
import { onnxRuntime } from './onnxRuntime.node.js';

describe('onnxruntime-node', () => {
  it('is loaded with its telemetry turned off', () => {
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
    expect(typeof onnxRuntime.InferenceSession.create).toBe('function');
  });
});
