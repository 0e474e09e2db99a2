/*
 * Hugging Face's `transformers` has ResNets of its own (`microsoft/resnet-18`, `microsoft/resnet-50`),
 * the same networks as torchvision's under other names.
 */

const parts: Readonly<Record<string, string>> = { convolution: 'conv', normalization: 'bn' };

/**
 * The torchvision name of a tensor of `ResNetModel` or `ResNetForImageClassification`; nothing for
 * another tensor.
 */
export function torchvisionName(name: string): string | undefined {
  const own = name.replace(/^resnet\./, '');
  const stem = /^embedder\.embedder\.(convolution|normalization)\.(\w+)$/.exec(own);
  if (stem) return `${parts[stem[1]!]}1.${stem[2]}`;
  const [, stage, block, rest] = /^encoder\.stages\.(\d+)\.layers\.(\d+)\.(.+)$/.exec(own) ?? [];
  if (rest === undefined) return undefined;
  const place = `layer${Number(stage) + 1}.${block}`;
  const shortcut = /^shortcut\.(convolution|normalization)\.(\w+)$/.exec(rest);
  if (shortcut)
    return `${place}.downsample.${shortcut[1] === 'convolution' ? 0 : 1}.${shortcut[2]}`;
  const layer = /^layer\.(\d+)\.(convolution|normalization)\.(\w+)$/.exec(rest);
  return layer ? `${place}.${parts[layer[2]!]}${Number(layer[1]) + 1}.${layer[3]}` : undefined;
}
