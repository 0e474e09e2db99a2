import { divide, subtract } from '../graph/elementwise.js';
import { constant, type Tensor } from '../graph/tensor.js';

/** Mean and deviation of ImageNet's images, red, green, blue. */
export const imagenetMean = [0.485, 0.456, 0.406] as const;
export const imagenetDeviation = [0.229, 0.224, 0.225] as const;

/** (x − mean) / deviation of each channel, as the networks of torchvision and timm expect it: [B, 3, H, W] in 0…1. */
export function imagenetNormalized(x: Tensor): Tensor {
  return divide(
    subtract(x, constant(imagenetMean, [3, 1, 1])),
    constant(imagenetDeviation, [3, 1, 1]),
  );
}
