import type { ModelConfig } from '../../iqe/config.js';
import { iqeClip, iqeLoss, type ModelOutputs } from '../../iqe/model.js';
import { promptTemplate } from '../../iqe/prompts.js';
import type { FrozenClip, Method, MethodOutputs } from '../method.js';
import {
  type ClipFeatures,
  clipFeatureSettings,
  clipFeatures,
  quarters,
  stageTokens,
} from '../shared/clipFeatures.js';

/** IQE-CLIP (`src/iqe/model.ts`) as one of the methods. */
export async function iqeClipMethod(
  model: ModelConfig,
  frozen: FrozenClip,
): Promise<Method<ClipFeatures, ModelOutputs & MethodOutputs>> {
  const { checkpoint, tokenizer, clip } = frozen;
  const { imageSize, inputNormalization, stages = null } = model;
  const blocks = stages ?? quarters(clip.vision.layers);
  const features = await clipFeatures(checkpoint, clip, imageSize, blocks);
  const prompt = await promptTemplate(model, checkpoint, tokenizer);
  const text = { clip, weights: checkpoint.tensors.weights, prompt };
  return {
    name: 'iqe-clip',
    imageSize,
    inputNormalization,
    isProbability: true,
    featureSettings: clipFeatureSettings(clip, blocks),
    dropout: model.queryModule.dropout,
    features,
    forward(features, weights, _memory, dropout) {
      const image = { embedding: features.embedding, stages: stageTokens(features) };
      const outputs = iqeClip(image, text, weights, model, dropout);
      return { ...outputs, map: outputs.anomalyMap };
    },
    embeddings: ({ textEmbeddings, queryEmbeddings }) => ({
      text: textEmbeddings,
      query: queryEmbeddings.at(-1)!,
    }),
    loss: (outputs, labels, masks) => iqeLoss(outputs, labels, masks, model).total,
  };
}
