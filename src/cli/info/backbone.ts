import { IqeError } from '../../base/errors.js';
import { openCheckpoint } from '../../clip/checkpoint.node.js';
import type { ClipConfig, TowerConfig } from '../../clip/config.js';
import { resolveBackbone } from '../../clip/hub.node.js';
import type { StoredTensor } from '../../clip/storedTensor.js';
import { tinyFolder } from '../../train/backbone.node.js';
import { formatRows } from '../format.js';
import type { Environment } from '../settingSources.js';
import { type FileInfo, fileRows, filesIn } from './files.js';

/** A CLIP checkpoint on this machine. */
export interface BackboneInfo extends ClipConfig {
  readonly folder: string;
  /** Part of the key of cached features, and of runs. */
  readonly identity: string;
  readonly parameters: { readonly image: number; readonly text: number; readonly all: number };
  /** Of the parameters. */
  readonly dataTypes: readonly string[];
  readonly files: readonly FileInfo[];
}

/**
 * Opens the backbone of a name or folder, without downloading it.
 *
 * @throws {IqeError} `usage` where it is not on this machine, `checkpoint` where it is damaged.
 */
export async function backboneInfo(name: string, environment: Environment): Promise<BackboneInfo> {
  const folder = await localFolder(name, environment);
  const { config, identity, tensors } = await openCheckpoint(folder);
  const files = await filesIn(folder);
  return { folder, identity, ...config, ...countParameters(tensors.stored), files };
}

async function localFolder(name: string, environment: Environment): Promise<string> {
  if (name === 'tiny') return tinyFolder;
  try {
    return await resolveBackbone(name, { offline: true, environment });
  } catch (cause) {
    if (!(cause instanceof IqeError && cause.code === 'download')) throw cause;
    throw new IqeError('usage', `Backbone '${name}' is not on this machine.`, {
      hint: 'The first command that needs it downloads it.',
      cause,
    });
  }
}

function countParameters(
  tensors: readonly StoredTensor[],
): Pick<BackboneInfo, 'parameters' | 'dataTypes'> {
  const parameters = { image: 0, text: 0, all: 0 };
  const dataTypes = new Set<string>();
  for (const { name, dataType, shape } of tensors) {
    // Old checkpoints also hold the numbers of the positions, which are no parameters.
    if (!dataType.includes('float')) continue;
    const count = shape.reduce((product, size) => product * size, 1);
    dataTypes.add(dataType);
    parameters.all += count;
    if (/^vis(ion_model|ual_projection)\./.test(name)) parameters.image += count;
    if (/^text_(model|projection)\./.test(name)) parameters.text += count;
  }
  return { parameters, dataTypes: [...dataTypes].sort() };
}

export function describeBackbone(info: BackboneInfo): string {
  const { vision, text, parameters } = info;
  const millions = (count: number) => `${(count / 1e6).toFixed(1)} M`;
  return formatRows([
    ['backbone', info.folder],
    ['image', `${vision.imageSize} pixels in patches of ${vision.patchSize}`],
    ['image tower', towerText(vision)],
    ['text', `${text.contextLength} tokens of ${text.vocabularySize}`],
    ['text tower', towerText(text)],
    ['embedding', `${info.embeddingWidth} wide`],
    [
      'parameters',
      `${millions(parameters.all)} (image ${millions(parameters.image)}, ` +
        `text ${millions(parameters.text)}), ${info.dataTypes.join(' and ')}`,
    ],
    ['identity', info.identity],
    ...fileRows(info.files),
  ]);
}

function towerText({ layers, width, heads, activation }: TowerConfig): string {
  return `${layers} layers, ${width} wide, ${heads} heads, ${activation}`;
}
