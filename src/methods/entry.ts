import { z } from 'zod';
import type { Runtime } from '../graph/session.js';
import type { FrozenClip, Method, MethodNeeds, TrainingSettings } from './method.js';

/** What is known of a method before any of its code is loaded. */
export interface MethodEntry<Schema extends z.ZodType = z.ZodType> {
  /** As papers write its name. */
  readonly title: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly needs: MethodNeeds;
  /** Its settings: the group `model` of a run's configuration. */
  readonly schema: Schema;
  /** How its authors train it; nothing for methods without trained parameters. */
  readonly training?: TrainingSettings;
  /**
   * Makes its graphs.
   *
   * @param masks Whether the images that it learns from have masks.
   * @throws {IqeError} `config` if the settings do not fit the backbone.
   */
  build(
    model: z.output<Schema>,
    frozen: FrozenClip,
    runtime: Runtime,
    masks: boolean,
  ): Promise<Method>;
}

/** An entry as it stands, with the type of its settings. */
export function methodEntry<Schema extends z.ZodType>(
  entry: MethodEntry<Schema>,
): MethodEntry<Schema> {
  return entry;
}

/** S */
export const imageSizeSetting = (fallback: number) =>
  z
    .int()
    .min(16)
    .max(2048)
    .default(fallback)
    .describe('Side S of the square that images are resized to, in pixels.');

/** Blocks of the image tower. */
export const stagesSetting = (fallback: string) =>
  z
    .array(z.int().positive())
    .min(1)
    .nullable()
    .default(null)
    .describe(
      `Blocks of the image tower whose patch tokens are used, counted from 1; null: ${fallback}.`,
    );

export const activationSetting = z
  .enum(['checkpoint', 'gelu', 'quick_gelu'])
  .default('checkpoint')
  .describe("Activation of both CLIP towers; checkpoint: the weights' own.");

export const classNameSetting = z
  .string()
  .min(1)
  .default('object')
  .describe('What the images show, such as brain: the prompts name it.');

/** What a method with references remembers. */
export const memorySetting = <const T extends readonly [string, ...string[]]>(
  values: T,
  fallback: T[number],
) =>
  z
    .enum(values)
    .default(fallback as never)
    .describe(
      'What is remembered of the normal images that it is fitted on: none, the images, or all views of them (training.augmentations).',
    );

/** `{ stages }` where some were chosen: builders have defaults of their own. */
export function chosenStages(stages: number[] | null): { stages?: number[] } {
  return stages === null ? {} : { stages };
}
