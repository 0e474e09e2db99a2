import { onnxRuntime } from './onnxRuntime.node.js';
import { Runtime, type RuntimeOptions } from './session.js';

/** The runtime of this machine: onnxruntime-node. */
export function nodeRuntime(options: RuntimeOptions = {}): Runtime {
  return new Runtime(onnxRuntime, options);
}
