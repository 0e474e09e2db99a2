import { availableParallelism } from 'node:os';
import { defaultCacheFolder } from '../../clip/hub.node.js';
import { onnxRuntime } from '../../graph/onnxRuntime.node.js';
import type { MethodNeeds } from '../../methods/method.js';
import { entryOf, methodNames } from '../../methods/registry.js';
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
  /** What `--method` can be. */
  readonly methods: readonly MethodInfo[];
}

export interface MethodInfo {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly needs: MethodNeeds;
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
    methods: methodNames.map((name) => {
      const { title, summary, needs } = entryOf(name);
      return { name, title, summary, needs };
    }),
  };
}

export function describeInstallation(info: InstallationInfo): string {
  const backends = info.backends.map(
    ({ name, bundled }) => name + (bundled ? '' : ' (needs its own libraries)'),
  );
  const rows = formatRows([
    ['iqe-clip', info.iqeClip],
    ['node', `${info.node}, ${info.platform}`],
    ['onnxruntime', info.onnxruntime],
    ['backends', backends.join(', ')],
    ['device', info.device],
    ['threads', `${info.threads} on ${info.cores} cores`],
    ['cache', info.cacheFolder],
    ['tiny', info.tiny.folder + (info.tiny.isThere ? '' : ' (not there)')],
  ]);
  const methods = formatRows(info.methods.map(({ name, summary }) => [name, summary]));
  return `${rows}\n\nMethods (--method):\n${methods}`;
}
