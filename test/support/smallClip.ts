import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { learnMerges } from '../../src/clip/bytePairTraining.js';
import type { ClipConfig } from '../../src/clip/config.js';
import { writeRandomCheckpoint } from '../../src/clip/randomCheckpoint.node.js';
import { Tokenizer } from '../../src/clip/tokenizer.js';

/** Writes a CLIP folder of random weights that is small enough for tests, with a tokenizer of its own. */
export async function writeSmallClip(
  folder: string,
  changes: Partial<ClipConfig['vision']> = {},
  textChanges: Partial<ClipConfig['text']> = {},
): Promise<ClipConfig> {
  const merges = learnMerges(['a photo of a normal class', 'a photo of an abnormal class.'], 24);
  const tower = {
    width: 32,
    intermediateWidth: 64,
    layers: 4,
    heads: 2,
    layerNormEpsilon: 1e-5,
    activation: 'quick_gelu',
  } as const;
  const config: ClipConfig = {
    vision: { ...tower, imageSize: 48, patchSize: 8, ...changes },
    text: {
      ...tower,
      contextLength: 32,
      vocabularySize: new Tokenizer(merges).vocabularySize,
      ...textChanges,
    },
    embeddingWidth: 32,
  };
  await writeRandomCheckpoint(folder, config, 1);
  await writeFile(join(folder, 'merges.txt'), `#version: 0.2\n${merges.join('\n')}\n`);
  return config;
}
