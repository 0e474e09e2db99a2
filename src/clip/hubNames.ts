/** A checkpoint on a hub of the Hugging Face layout. */
export interface HubName {
  readonly owner: string;
  readonly name: string;
  /** Branch, tag, commit or pull request (`refs/pr/3`). */
  readonly revision: string;
}

/**
 * The names that OpenAI's and open_clip's users know, with the first checkpoint of that shape:
 * OpenAI's own where there is one, else LAION's; and the networks of torchvision and timm, trained on
 * ImageNet.
 */
export const shortNames: Readonly<Record<string, string>> = {
  'ViT-B-32': 'openai/clip-vit-base-patch32',
  'ViT-B-16': 'openai/clip-vit-base-patch16',
  'ViT-L-14': 'openai/clip-vit-large-patch14',
  'ViT-L-14-336': 'openai/clip-vit-large-patch14-336',
  'ViT-H-14': 'laion/CLIP-ViT-H-14-laion2B-s32B-b79K',
  'ViT-g-14': 'laion/CLIP-ViT-g-14-laion2B-s12B-b42K',
  'ViT-bigG-14': 'laion/CLIP-ViT-bigG-14-laion2B-39B-b160k',
  resnet18: 'timm/resnet18.tv_in1k',
  resnet50: 'timm/resnet50.tv_in1k',
  wide_resnet50_2: 'timm/wide_resnet50_2.tv_in1k',
  vgg16: 'timm/vgg16.tv_in1k',
  tf_efficientnet_b6: 'timm/tf_efficientnet_b6.aa_in1k',
};

/**
 * Reads `owner/name`, `owner/name@revision` (the revision is `main` when not given), a key of
 * {@link shortNames}, or the same in OpenAI's spelling (`ViT-L/14@336px`).
 *
 * @returns undefined for what is none of these.
 */
export function parseHubName(backbone: string): HubName | undefined {
  const dashed = backbone.replace(/^(ViT-\w+)\/(\d+)/, '$1-$2').replace(/@336px$/, '-336');
  const full = Object.hasOwn(shortNames, dashed) ? (shortNames[dashed] as string) : backbone;
  const [, owner, name, revision] =
    /^([\w-][\w.-]*)\/([\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/.exec(full) ?? [];
  if (owner === undefined || name === undefined) return undefined;
  return { owner, name, revision: revision ?? 'main' };
}
