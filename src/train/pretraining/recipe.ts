import { z } from 'zod';
import type { ClipConfig } from '../../clip/config.js';
import { modalities } from '../../data/phantoms/phantom.js';

const phaseSchema = z.strictObject({
  steps: z.int().min(0).describe('Optimiser steps of this phase.'),
  patches: z
    .int()
    .min(1)
    .nullable()
    .describe('Patches of each image that the tower sees, drawn anew each step; null: all.'),
});

const towerSchema = (width: number, layers: number, heads: number) =>
  z
    .strictObject({
      width: z.int().positive().default(width).describe('Width of the tower.'),
      layers: z.int().positive().default(layers).describe('Number of blocks.'),
      heads: z.int().positive().default(heads).describe('Attention heads; they divide the width.'),
    })
    .prefault({});

/** Everything that determines a pretrained backbone; the defaults are those of `models/tiny`. */
export const recipeSchema = z.strictObject({
  seed: z.int().min(0).default(0).describe('Seed of start values, phantoms, order and views.'),
  imageSize: z.int().min(32).max(1024).default(240).describe('Side of the phantoms in pixels.'),
  patchSize: z.int().min(4).default(16).describe('Side of a patch in pixels.'),
  vision: towerSchema(192, 8, 3).describe('Image tower.'),
  text: towerSchema(192, 4, 3).describe('Text tower.'),
  contextLength: z
    .int()
    .min(16)
    .default(48)
    .describe('Tokens that the text tower can read; longer captions are cut.'),
  embeddingWidth: z.int().positive().default(192).describe('Width of the space of both towers.'),
  merges: z.int().min(0).default(1024).describe('Byte-pair merges learned from captions.'),
  captions: z
    .int()
    .min(1)
    .default(4096)
    .describe('Captions of small phantoms from which the merges are learned.'),
  modalities: z
    .array(z.enum(modalities))
    .min(1)
    .default([...modalities])
    .describe('Kinds of phantom, each as often.'),
  firstImages: z.int().min(1).default(768).describe('Phantoms that are drawn before step 1.'),
  imagesPerStep: z
    .int()
    .min(0)
    .default(4)
    .describe('Phantoms drawn during each step; the rest of a batch is drawn from earlier ones.'),
  batchSize: z.int().min(2).default(64).describe('Pairs of image and caption per step.'),
  phases: z
    .array(phaseSchema)
    .min(1)
    .default([
      { steps: 440, patches: 48 },
      { steps: 16, patches: null },
    ])
    .describe('Most steps see some patches of each image, which is cheaper; the last ones all.'),
  learningRate: z.number().positive().default(1e-3).describe('Largest learning rate of AdamW.'),
  warmUpSteps: z.int().min(0).default(30).describe('Steps over which the rate rises from 0.'),
  finalRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('Share of the largest rate that the cosine falls to.'),
  weightDecay: z.number().min(0).default(0.05).describe('Of the matrices of both towers.'),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.98])
    .describe("AdamW's decay rates."),
  gradientNorm: z.number().positive().default(1).describe('Larger gradients are scaled to it.'),
  stateWeight: z
    .number()
    .min(0)
    .default(1)
    .describe('Weight of telling abnormal images by the two state prompts.'),
  patchWeight: z
    .number()
    .min(0)
    .default(2)
    .describe('Weight of telling patches with a lesion by the two state prompts.'),
});

export type Recipe = z.infer<typeof recipeSchema>;

/**
 * The recipe for a share of its length: steps of each phase and of the warm-up times `share`, so that the
 * learning rate rises and falls as in the whole; everything else as it is.
 *
 * @param share 0…1; 0: the network untrained.
 */
export function shortened(recipe: Recipe, share: number): Recipe {
  const phases = recipe.phases.map((phase) => ({
    ...phase,
    steps: Math.round(share * phase.steps),
  }));
  return { ...recipe, phases, warmUpSteps: Math.round(share * recipe.warmUpSteps) };
}

/** The sizes of the model that `recipe` makes. */
export function clipConfigOf(recipe: Recipe, vocabularySize: number): ClipConfig {
  const tower = ({ width, layers, heads }: Recipe['vision']) => ({
    width,
    layers,
    heads,
    intermediateWidth: 4 * width,
    layerNormEpsilon: 1e-5,
    activation: 'quick_gelu' as const,
  });
  return {
    embeddingWidth: recipe.embeddingWidth,
    vision: {
      ...tower(recipe.vision),
      imageSize: recipe.imageSize,
      patchSize: recipe.patchSize,
    },
    text: { ...tower(recipe.text), contextLength: recipe.contextLength, vocabularySize },
  };
}
