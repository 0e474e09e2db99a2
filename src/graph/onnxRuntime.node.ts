import './telemetryOff.node.js';
import * as onnxRuntime from 'onnxruntime-node';

/** onnxruntime-node, to be imported from nowhere else: with its telemetry turned off. */
export { onnxRuntime };

export const onnxRuntimeVersion = onnxRuntime.env.versions.node ?? onnxRuntime.env.versions.common;
