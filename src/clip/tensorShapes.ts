import type { ClipConfig, TowerConfig } from './config.js';

/** Every tensor of a Hugging Face CLIPModel with this configuration, and its shape. */
export function tensorShapes(config: ClipConfig): Map<string, readonly number[]> {
  const { text, vision, embeddingWidth } = config;
  const grid = Math.floor(vision.imageSize / vision.patchSize);
  const shapes = new Map<string, readonly number[]>([
    ['logit_scale', []],
    ['text_model.embeddings.token_embedding.weight', [text.vocabularySize, text.width]],
    ['text_model.embeddings.position_embedding.weight', [text.contextLength, text.width]],
    ['vision_model.embeddings.class_embedding', [vision.width]],
    [
      'vision_model.embeddings.patch_embedding.weight',
      [vision.width, 3, vision.patchSize, vision.patchSize],
    ],
    ['vision_model.embeddings.position_embedding.weight', [1 + grid * grid, vision.width]],
    ['text_projection.weight', [embeddingWidth, text.width]],
    ['visual_projection.weight', [embeddingWidth, vision.width]],
  ]);
  const withBias = (name: string, shape: readonly number[]) => {
    shapes.set(`${name}.weight`, shape);
    shapes.set(`${name}.bias`, shape.slice(0, 1));
  };
  // Hugging Face's own spelling.
  withBias('vision_model.pre_layrnorm', [vision.width]);
  withBias('vision_model.post_layernorm', [vision.width]);
  withBias('text_model.final_layer_norm', [text.width]);
  for (const [tower, { width, intermediateWidth, layers }] of [
    ['text_model', text],
    ['vision_model', vision],
  ] as const satisfies readonly (readonly [string, TowerConfig])[]) {
    for (let layer = 0; layer < layers; layer++) {
      const name = `${tower}.encoder.layers.${layer}`;
      for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
        withBias(`${name}.self_attn.${part}`, [width, width]);
      }
      withBias(`${name}.layer_norm1`, [width]);
      withBias(`${name}.layer_norm2`, [width]);
      withBias(`${name}.mlp.fc1`, [intermediateWidth, width]);
      withBias(`${name}.mlp.fc2`, [width, intermediateWidth]);
    }
  }
  return shapes;
}
