/** iqe-clip for Node: everything of `iqe-clip`, and what works on files. */

export { openCheckpoint } from './clip/checkpoint.node.js';
export { defaultCacheFolder, resolveBackbone } from './clip/hub.node.js';
export { loadTokenizer } from './clip/tokenizer.node.js';
export { readImage } from './data/decode.node.js';
export { readDataSet } from './data/layouts/read.node.js';
export { readMask } from './data/mask.node.js';
export { nodeRuntime } from './graph/runtime.node.js';
export * from './index.js';
export { writePictures } from './report/pictures.node.js';
export { backboneFolder, openBackbone } from './train/backbone.node.js';
export { evaluate, evaluationSamples } from './train/evaluate.node.js';
export { FeatureCache } from './train/featureCache.node.js';
export { fitRun } from './train/fit.node.js';
export {
  type FromPretrainedOptions,
  type ImageSource,
  NodeAnomalyDetector as AnomalyDetector,
  type NodeFitOptions,
  type SupportSource,
} from './train/nodeDetector.node.js';
export { openRun } from './train/runFolder.node.js';
