import type { WeightFiles } from '../clip/weightFiles.js';
import type { Tensor } from '../graph/tensor.js';
import type { Weights } from '../nn/parameters.js';
import { efficientNet, efficientNetConfigs } from './efficientnet.js';
import { medClipPixels } from './medclip.js';
import { imagenetNormalized } from './normalization.js';
import { resnet, resnetConfigs } from './resnet.js';
import { vgg, vgg16Layers } from './vgg.js';

/** The networks that are no CLIP and of which the maps of several sizes are used. */
export const networkNames = [
  'resnet18',
  'resnet50',
  'wide_resnet50_2',
  'vgg16',
  'tf_efficientnet_b6',
  'medclip',
] as const;
export type NetworkName = (typeof networkNames)[number];

/** A frozen network whose weights lie in files. */
export interface Network {
  readonly name: NetworkName;
  readonly tensors: WeightFiles;
  /** The pieces of words that its texts are made of, where it reads texts. */
  readonly vocabulary?: readonly string[] | undefined;
}

/** Where the image network of a MedCLIP checkpoint begins. */
const medClipPrefix = 'vision_model.model';

/**
 * The maps of a network, the finest first: of ResNets after stages 1 to 4, of VGG after the max pools 2
 * to 5, of EfficientNets the last of each size.
 *
 * @param pixels Red, green, blue in 0…1 [B, 3, H, W]; they are normalised here as the network expects,
 *   unless they are `raw`.
 * @param count How many maps are computed, from the finest on.
 */
export function networkMaps(
  { name, tensors }: Network,
  pixels: Tensor,
  count: number,
  raw = false,
): Tensor[] {
  const { weights } = tensors;
  if (name !== 'medclip') {
    return mapsOf(name, raw ? pixels : imagenetNormalized(pixels), weights, count);
  }
  const x = raw ? pixels : medClipPixels(pixels);
  return residualMaps(x, medClipWeights(weights), 'resnet50', count);
}

/** The weights of a MedCLIP checkpoint's image network. */
export function medClipWeights(weights: Weights): Weights {
  return medClipPrefix.split('.').reduce((own, part) => own.at(part), weights);
}

/** @param x Normalised pixels. */
function mapsOf(
  name: Exclude<NetworkName, 'medclip'>,
  x: Tensor,
  weights: Weights,
  count: number,
): Tensor[] {
  if (name === 'vgg16') return vgg(x, weights, vgg16Layers, { bias: true }).slice(1, 1 + count);
  if (name === 'tf_efficientnet_b6') {
    return efficientNet(x, weights, efficientNetConfigs[name], count);
  }
  return residualMaps(x, weights, name, count);
}

function residualMaps(
  x: Tensor,
  weights: Weights,
  name: keyof typeof resnetConfigs,
  count: number,
): Tensor[] {
  return [...resnet(x, weights, resnetConfigs[name], undefined, count).stages];
}

/** Tensors that only one of the networks has, with their shapes. */
const marks: readonly { name: NetworkName; tensor: string; shape: readonly number[] }[] = [
  { name: 'medclip', tensor: `${medClipPrefix}.conv1.weight`, shape: [64, 3, 7, 7] },
  { name: 'wide_resnet50_2', tensor: 'layer1.0.conv2.weight', shape: [128, 128, 3, 3] },
  { name: 'resnet50', tensor: 'layer3.5.conv3.weight', shape: [1024, 256, 1, 1] },
  { name: 'resnet18', tensor: 'layer4.1.conv2.weight', shape: [512, 512, 3, 3] },
  { name: 'vgg16', tensor: 'features.28.weight', shape: [512, 512, 3, 3] },
  { name: 'tf_efficientnet_b6', tensor: 'blocks.6.2.conv_pwl.weight', shape: [576, 3456, 1, 1] },
];

/** Which of the networks the weights of a folder are; nothing for another model. */
export function recogniseNetwork({ stored }: WeightFiles): NetworkName | undefined {
  const shapes = new Map(stored.map(({ name, shape }) => [name, shape]));
  return marks.find(({ tensor, shape }) => String(shapes.get(tensor)) === String(shape))?.name;
}
