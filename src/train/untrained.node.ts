import type { Runtime } from '../graph/session.js';
import { type BackboneOptions, openBackbone } from './backbone.node.js';
import type { RunConfig } from './config.js';
import { decide } from './decision.js';
import { AnomalyDetector } from './detector.js';
import { createPredictor } from './fewShot.js';
import { constantWeights } from './fittedWeights.js';
import type { OpenedRun } from './runFolder.node.js';
import type { SavedRun } from './savedRun.js';

/**
 * A method that needs no images, ready to score without having been fitted: there is no threshold, and
 * the score is the method's own.
 *
 * @param version Of this package.
 */
export async function openUntrained(
  config: RunConfig,
  version: string,
  runtime: Runtime,
  options: BackboneOptions & { readonly images?: number | undefined } = {},
): Promise<OpenedRun> {
  const backbone = await openBackbone(config.backbone, options);
  const decision = decide([], 'no images', true);
  const run: SavedRun = {
    format: 'iqe-clip run',
    formatVersion: 1,
    createdWith: version,
    finished: true,
    config,
    backboneIdentity: backbone.checkpoint.identity,
    data: { name: 'nothing', hash: '', shots: { normal: [], abnormal: [] }, masks: false },
    decision,
    history: [],
  };
  const { images } = options;
  const fitted = constantWeights({});
  const predictor = await createPredictor(backbone, config, fitted, runtime, {
    masks: false,
    images,
  });
  const head = { config, decision, history: [] };
  return { run, detector: new AnomalyDetector(backbone, runtime, { head, predictor }) };
}
