import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { IqeError } from '../base/errors.js';
import { type Downloaded, type DownloadOptions, downloadFile } from './hubDownload.node.js';
import { type HubName, parseHubName, shortNames } from './hubNames.js';
import { parseShardIndex, weightNames } from './weightNames.js';

const publicHub = 'https://huggingface.co';

export interface ResolveBackboneOptions extends DownloadOptions {
  /** Where downloads are kept. Default {@link defaultCacheFolder}. */
  readonly cacheFolder?: string | undefined;
  /** Address of the hub. Default: environment `IQE_HUB_MIRROR`, else `HF_ENDPOINT`, else the public one. */
  readonly hub?: string | undefined;
  /** Never use the network. Default: whether `IQE_OFFLINE` or `HF_HUB_OFFLINE` is set to 1. */
  readonly offline?: boolean | undefined;
  /** Default `process.env`. */
  readonly environment?: Environment | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of a CLIP checkpoint: `backbone` itself when it is a folder, else the place in the cache
 * of the checkpoint of that name (`parseHubName`), downloaded if it is not there. What is there
 * is used as it is and the network is not asked for a newer one.
 *
 * The folder has `config.json`, then `model.safetensors`, or `pytorch_model.bin` where the hub has no
 * safetensors, or the index of one of the two with its shards, and `merges.txt` or `tokenizer.json`
 * where the hub has one.
 *
 * @throws {IqeError} `usage` for what is no folder and no name, `download`, `output`, `interrupted`.
 */
export async function resolveBackbone(
  backbone: string,
  options: ResolveBackboneOptions = {},
): Promise<string> {
  const environment = options.environment ?? process.env;
  const local = await stat(backbone).catch(() => undefined);
  if (local?.isDirectory()) return backbone;
  const hubName = parseHubName(backbone);
  if (local !== undefined || hubName === undefined) {
    const found = local === undefined ? 'no folder and no name of a checkpoint' : 'no folder';
    throw new IqeError('usage', `Backbone '${backbone}' is ${found}.`, {
      hint: `Give the folder of a CLIP checkpoint, a hub name (owner/name) or one of ${Object.keys(shortNames).join(', ')}.`,
    });
  }
  const folder = join(
    options.cacheFolder ?? defaultCacheFolder(environment),
    'backbones',
    `${hubName.owner}--${hubName.name}`,
    hubName.revision.replaceAll('/', '--'),
  );
  const missing = await missingFiles(folder);
  if (missing.length === 0) return folder;
  if (options.offline ?? isOffline(environment)) throw notCached(hubName, folder, missing);
  await downloadCheckpoint(hubName, folder, hubAddress(options.hub, environment), options);
  return folder;
}

/** `$IQE_CACHE`, else the place for caches of this system's user, in a folder of our own. */
export function defaultCacheFolder(environment: Environment = process.env): string {
  if (environment.IQE_CACHE) return environment.IQE_CACHE;
  if (process.platform === 'win32') {
    return join(
      environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'),
      'iqe-clip',
      'Cache',
    );
  }
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'iqe-clip');
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'iqe-clip');
}

function isOffline(environment: Environment): boolean {
  const isSet = (value: string | undefined) => /^(1|true|yes|on)$/i.test(value ?? '');
  return isSet(environment.IQE_OFFLINE) || isSet(environment.HF_HUB_OFFLINE);
}

function hubAddress(given: string | undefined, environment: Environment): string {
  const address = given ?? (environment.IQE_HUB_MIRROR || environment.HF_ENDPOINT || publicHub);
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) {
    throw new IqeError('usage', `The hub's address is '${address}', expected http(s)://…`, {
      hint: 'See IQE_HUB_MIRROR and HF_ENDPOINT in the environment.',
    });
  }
  return address.replace(/\/+$/, '');
}

/**
 * What a checkpoint's folder lacks. Files get their names only when they are complete, and the
 * weights come last, so nothing missing means that a download was finished.
 */
async function missingFiles(folder: string): Promise<string[]> {
  const isThere = async (file: string) =>
    (await stat(join(folder, file)).catch(() => null)) !== null;
  const missing = (await isThere('config.json')) ? [] : ['config.json'];
  for (const { single, index } of weightNames) {
    if (await isThere(single)) return missing;
    if (!(await isThere(index))) continue;
    for (const shard of await shardsOf(folder, index)) {
      if (!(await isThere(shard))) missing.push(shard);
    }
    return missing;
  }
  return [...missing, weightNames[0].single];
}

async function shardsOf(folder: string, index: string): Promise<string[]> {
  const path = join(folder, index);
  return [...parseShardIndex(await readFile(path, 'utf8'), path).keys()];
}

async function downloadCheckpoint(
  { owner, name, revision }: HubName,
  folder: string,
  hub: string,
  options: DownloadOptions,
): Promise<void> {
  const files = `${hub}/${owner}/${name}/resolve/${encodeURIComponent(revision)}`;
  const fetchFile = async (file: string): Promise<Downloaded> => {
    const target = join(folder, file);
    if ((await stat(target).catch(() => null)) !== null) return { isMissing: false };
    return downloadFile(`${files}/${file}`, target, options);
  };
  const noFile = (file: string, reason: string | undefined, hint: string) =>
    new IqeError(
      'download',
      `${hub} has no ${file} of ${owner}/${name} at revision '${revision}'` +
        `${reason === undefined ? '' : ` (${reason})`}.`,
      { hint },
    );
  const need = async (file: string, hint: string): Promise<void> => {
    const downloaded = await fetchFile(file);
    if (downloaded.isMissing) throw noFile(file, downloaded.reason, hint);
  };
  await need(
    'config.json',
    'Check the spelling, capitals count; for a folder of your own, check its path.',
  );
  if ((await fetchFile('merges.txt')).isMissing) await fetchFile('tokenizer.json');
  for (const { single, index } of weightNames) {
    if (!(await fetchFile(single)).isMissing) return;
    if ((await fetchFile(index)).isMissing) continue;
    for (const shard of await shardsOf(folder, index)) {
      await need(shard, 'The checkpoint on the hub is incomplete; give another name or revision.');
    }
    return;
  }
  throw noFile(
    weightNames.map(({ single }) => single).join(' and no '),
    undefined,
    'Weights in other formats cannot be read. Where a pull request of the checkpoint has them, add ' +
      `its number: ${owner}/${name}@refs/pr/NUMBER; or convert them and give the folder instead.`,
  );
}

function notCached(
  { owner, name, revision }: HubName,
  folder: string,
  missing: readonly string[],
): IqeError {
  return new IqeError(
    'download',
    `Offline, and ${owner}/${name} at revision '${revision}' is not complete in ${folder}: ` +
      `${missing.join(', ')} missing.`,
    {
      hint:
        'Run once with a network (IQE_OFFLINE and HF_HUB_OFFLINE not set), copy the files ' +
        'there, or give the folder of a checkpoint instead of its name.',
    },
  );
}
