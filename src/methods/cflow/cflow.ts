import { add } from '../../graph/elementwise.js';
import { meanAll } from '../../graph/reduce.js';
import type { FrozenClip } from '../method.js';
import { type FlowMethod, type FlowMethodConfig, flowMethod } from '../shared/flowMethod.js';
import { negativeLogSigmoid } from '../shared/logSigmoid.js';

/*
 * CFLOW-AD (Gudovskiy et al. 2022): a normalising flow for each level of a frozen network, conditioned on
 * the place, learns how likely the features of normal images are.
 */

/**
 * CFLOW-AD on stages 2 to 4 of a network, or on three stages of an image tower.
 *
 * @throws {IqeError} `config` if the stages do not fit the backbone.
 */
export function cflow(config: FlowMethodConfig, frozen: FrozenClip): Promise<FlowMethod> {
  // Σ_l mean over places of −ln σ(log p)
  return flowMethod('cflow', config, [1, 2, 3], frozen, ({ logProbabilities }) =>
    logProbabilities.map((x) => meanAll(negativeLogSigmoid(x))).reduce(add),
  );
}
