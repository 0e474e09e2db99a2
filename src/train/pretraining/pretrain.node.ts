import { join } from 'node:path';
import { writeFileSafely } from '../../base/writeFile.node.js';
import { formatClipConfig } from '../../clip/config.js';
import { writeSafetensors } from '../../clip/safetensors.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { type PretrainedClip, type PretrainOptions, pretrainClip } from './pretrain.js';
import type { Recipe } from './recipe.js';

/**
 * {@link pretrainClip}, written as a Hugging Face folder: `config.json`, `model.safetensors` in half
 * precision, `merges.txt`, and `loss.json` with the recipe and the loss of every step.
 *
 * @param folder Made if it is not there; files of these names are replaced at the end.
 * @throws {IqeError} `interrupted` when the signal is aborted, the folder as it was;
 *   `output` when the folder cannot be written
 */
export async function pretrain(
  recipe: Recipe,
  folder: string,
  options: Partial<PretrainOptions> = {},
): Promise<PretrainedClip> {
  const model = await pretrainClip(recipe, { runtime: nodeRuntime(), ...options });
  await writeClipFolder(folder, recipe, model);
  return model;
}

async function writeClipFolder(
  folder: string,
  recipe: Recipe,
  { config, tokenizer, tensors, curve }: PretrainedClip,
): Promise<void> {
  const metadata = { format: 'pt' };
  await writeFileSafely(
    join(folder, 'model.safetensors'),
    writeSafetensors(tensors, metadata, true),
  );
  await writeFileSafely(
    join(folder, 'merges.txt'),
    `#version: 0.2\n${tokenizer.merges.join('\n')}\n`,
  );
  await writeFileSafely(join(folder, 'config.json'), formatClipConfig(config));
  await writeFileSafely(join(folder, 'loss.json'), formatLosses(recipe, curve));
}

/** One line a step, so that the file can be read and compared. */
function formatLosses(recipe: Recipe, curve: PretrainedClip['curve']): string {
  const lines = curve.map((losses, index) => {
    const rounded = Object.entries(losses).map(([name, value]) => [name, round(value)]);
    return `    ${JSON.stringify({ step: index + 1, ...Object.fromEntries(rounded) })}`;
  });
  const indented = JSON.stringify(recipe, null, 2).replaceAll('\n', '\n  ');
  return `{\n  "recipe": ${indented},\n  "curve": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

const round = (value: number) => Number(value.toPrecision(5));
