/**
 * iqe-clip for browsers: everything of `iqe-clip`, and what works on addresses, files, bitmaps and
 * canvases with onnxruntime-web, which has to be installed beside it.
 */

export { type WebImageSource, webImage } from './data/decode.web.js';
export { type WebRuntime, type WebRuntimeOptions, webRuntime } from './graph/runtime.web.js';
export * from './index.js';
export {
  WebAnomalyDetector as AnomalyDetector,
  type WebFitOptions,
  type WebPretrainedOptions,
  type WebSupportSource,
} from './train/webDetector.web.js';
