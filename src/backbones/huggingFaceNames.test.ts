import { describe, expect, it } from 'vitest';
import { torchvisionName } from './huggingFaceNames.js';

describe('torchvisionName', () => {
  it.each([
    ['resnet.embedder.embedder.convolution.weight', 'conv1.weight'],
    ['embedder.embedder.normalization.running_mean', 'bn1.running_mean'],
    ['resnet.encoder.stages.0.layers.1.layer.0.convolution.weight', 'layer1.1.conv1.weight'],
    ['encoder.stages.3.layers.2.layer.2.normalization.bias', 'layer4.2.bn3.bias'],
    [
      'resnet.encoder.stages.1.layers.0.shortcut.convolution.weight',
      'layer2.0.downsample.0.weight',
    ],
    ['encoder.stages.1.layers.0.shortcut.normalization.weight', 'layer2.0.downsample.1.weight'],
    ['classifier.1.weight', undefined],
    ['encoder.stages.1.layers.0.attention.weight', undefined],
  ])('of %s is %s', (name, expected) => {
    expect(torchvisionName(name)).toBe(expected);
  });
});
