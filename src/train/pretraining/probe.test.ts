import { describe, expect, it } from 'vitest';
import { checkpointFromBytes } from '../../clip/checkpoint.js';
import { formatClipConfig } from '../../clip/config.js';
import { writeSafetensors } from '../../clip/safetensors.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { PretrainStep } from './pretrainStep.js';
import { probeBackbone } from './probe.js';
import { clipConfigOf, recipeSchema } from './recipe.js';
import { learnVocabulary } from './vocabulary.js';

const recipe = recipeSchema.parse({
  imageSize: 48,
  vision: { width: 24, layers: 4, heads: 2 },
  text: { width: 16, layers: 1, heads: 2 },
  embeddingWidth: 12,
  contextLength: 32,
  captions: 20,
  merges: 60,
  batchSize: 2,
});

describe('probeBackbone', () => {
  it('measures shares and AUROCs, the same each time, at every quarter of the blocks', async () => {
    const runtime = nodeRuntime({ threads: 1 });
    const vocabulary = learnVocabulary(recipe);
    const config = clipConfigOf(recipe, vocabulary.tokenizer.vocabularySize);
    const step = await PretrainStep.create({ config, ...vocabulary }, recipe, 1, runtime);
    const weights = writeSafetensors(step.startValues(1));
    await step.release();
    const checkpoint = await checkpointFromBytes(
      formatClipConfig(config),
      { 'model.safetensors': weights },
      'start values',
    );
    const backbone = { checkpoint, tokenizer: vocabulary.tokenizer };
    const options = { seed: 3, fitted: 60, measured: 40, runtime };
    const result = await probeBackbone(backbone, options);
    expect(result.patchProbeAuroc).toHaveLength(4);
    for (const value of Object.values(result).flat()) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
    // Even random features of patches tell some lesions.
    expect(Math.max(...result.patchProbeAuroc)).toBeGreaterThan(0.55);
    expect(await probeBackbone(backbone, options)).toEqual(result);
  });
});
