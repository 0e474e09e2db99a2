import { availableParallelism } from 'node:os';
import { defaultCacheFolder } from '../../clip/hub.node.js';
import { onnxRuntime } from '../../graph/onnxRuntime.node.js';
import { tinyFolder } from '../../train/backbone.node.js';
import { formatRows } from '../format.js';
import type { MachineConfig } from '../machine.js';
import type { Environment } from '../settingSources.js';
import { packageVersion } from '../version.js';
import { filesIn } from './files.js';

/** What is installed, and how this machine is used. */
export interface InstallationInfo {
  readonly iqeClip: string;
  readonly node: string;
  readonly platform: string;
  readonly onnxruntime: string;
  /** What ONNX Runtime can run on; those that are not bundled need libraries of their own. */
  readonly backends: readonly { readonly name: string; readonly bundled: boolean }[];
  readonly device: string;
  readonly threads: number;
  readonly cores: number;
  readonly cacheFolder: string;
  readonly tiny: { readonly folder: string; readonly isThere: boolean };
}

export async function installationInfo(
  { device, threads, cache }: MachineConfig,
  environment: Environment,
): Promise<InstallationInfo> {
  const cores = availableParallelism();
  return {
    iqeClip: packageVersion,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    onnxruntime: onnxRuntime.env.versions.node ?? onnxRuntime.env.versions.common,
    backends: onnxRuntime.listSupportedBackends(),
    device,
    threads: threads ?? cores,
    cores,
    cacheFolder: cache ?? defaultCacheFolder(environment),
    tiny: { folder: tinyFolder, isThere: (await filesIn(tinyFolder)).length > 0 },
  };
}

export function describeInstallation(info: InstallationInfo): string {
  const backends = info.backends.map(
    ({ name, bundled }) => name + (bundled ? '' : ' (needs its own libraries)'),
  );
  return formatRows([
    ['iqe-clip', info.iqeClip],
    ['node', `${info.node}, ${info.platform}`],
    ['onnxruntime', info.onnxruntime],
    ['backends', backends.join(', ')],
    ['device', info.device],
    ['threads', `${info.threads} on ${info.cores} cores`],
    ['cache', info.cacheFolder],
    ['tiny', info.tiny.folder + (info.tiny.isThere ? '' : ' (not there)')],
  ]);
}
