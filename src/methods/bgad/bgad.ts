import { add, indicator, multiply, subtract } from '../../graph/elementwise.js';
import { reshape } from '../../graph/layout.js';
import { product, staticDimension } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { interpolate, nearestInterpolation } from '../../nn/interpolation.js';
import { currentEpoch, type FrozenClip } from '../method.js';
import { type FlowMethod, type FlowMethodConfig, flowMethod } from '../shared/flowMethod.js';
import { neededMasks } from '../shared/pixelLoss.js';
import { boundaries, boundaryLosses, placeWeights } from './boundary.js';

/*
 * BGAD (Yao et al. 2023): CFLOW-AD's flows, and a boundary in the likelihoods of normal places; normal
 * places below it are pulled up, abnormal ones above another, a little lower, are pushed down.
 */

export interface BgadConfig extends FlowMethodConfig {
  /** β: share of the normal places that lies below the boundary. */
  readonly beta: number;
}

/**
 * BGAD on maps 2 to 4 of a network (strides 8, 16 and 32 of an EfficientNet), or on three stages of an image tower.
 *
 * @throws {IqeError} `config` if the stages do not fit the backbone.
 */
export function bgad(config: BgadConfig, frozen: FrozenClip): Promise<FlowMethod> {
  const { beta } = config;
  const levels = frozen.network?.name === 'tf_efficientnet_b6' ? [2, 3, 4] : [1, 2, 3];
  // Σ_l of the likelihood of normal places alone in the first epoch, then of all three weighted terms.
  return flowMethod('bgad', config, levels, frozen, ({ logProbabilities }, _labels, masks) => {
    const known = neededMasks(masks, 'bgad');
    return logProbabilities.map((x) => levelLoss(x, known, beta)).reduce(add);
  });
}

function levelLoss(logP: Tensor, masks: Tensor, beta: number): Tensor {
  const places = [product(logP.shape)];
  const flat = reshape(logP, places);
  const mask = reshape(maskAt(masks, logP), places);
  const edges = boundaries(flat, mask, beta);
  const { likelihood, normal, abnormal } = boundaryLosses(
    flat,
    mask,
    edges,
    placeWeights(flat, mask),
  );
  const plain = boundaryLosses(flat, mask, edges).likelihood;
  const later = indicator('Greater', currentEpoch(), 0.5);
  const guided = [likelihood, normal, abnormal].reduce(add);
  return add(multiply(later, guided), multiply(subtract(1, later), plain));
}

/** Masks [B, S, S] at the places of a level [B, h, w], the nearest pixel of each. */
function maskAt(masks: Tensor, level: Tensor): Tensor {
  const along = (axis: number) =>
    nearestInterpolation(
      staticDimension(masks.shape, axis, 'bgad'),
      staticDimension(level.shape, axis, 'bgad'),
    );
  return interpolate(masks, along(1), along(2));
}
