/**
 * iqe-clip for browsers and Node: models as graphs, CLIP, the method, metrics. Nothing here needs
 * Node; reading files, downloading and the command line are in `iqe-clip/node`.
 */
export { type ErrorCode, IqeError } from './base/errors.js';
export type { PixelMap, RasterImage } from './base/image.js';
export type { Progress, ProgressCallback } from './base/progress.js';
export { Random } from './base/random.js';
export { resizeMap } from './base/resizeMap.js';
export { type Checkpoint, checkpointFromBytes } from './clip/checkpoint.js';
export type { ClipConfig } from './clip/config.js';
export { Tokenizer } from './clip/tokenizer.js';
export { type OnnxRuntimeModule, Runtime, type RuntimeOptions } from './graph/session.js';
export { type ModelConfig, modelSchema, presets } from './iqe/config.js';
export { type Evaluation, EvaluationAccumulator, evaluateImages } from './metrics/evaluation.js';
export { drawHeatMap, drawMask, drawOverlay } from './report/overlay.js';
export {
  type RunConfig,
  resolveRunConfig,
  runSchema,
  type TrainingConfig,
} from './train/config.js';
export {
  AnomalyDetector,
  type DetectorFitOptions,
  type Prediction,
  type SupportImage,
} from './train/detector.js';
export type { Backbone } from './train/openMethod.js';
