import { z } from 'zod';
import type { Runtime, RuntimeOptions } from '../graph/session.js';
import type { BackboneOptions } from '../train/backbone.node.js';
import type { FeatureStore } from '../train/features.js';
import type { Environment } from './settingSources.js';
import { packageVersion } from './version.js';

/** How a command uses this machine; none of it is part of a run's configuration. */
export const machineSchema = z.strictObject({
  device: z
    .enum(['auto', 'cpu', 'webgpu', 'cuda'])
    .default('auto')
    .describe('Where models run. auto: on the CPU, which is always there.'),
  threads: z.int().min(1).max(1024).optional().describe('CPU threads. Not given: one per core.'),
  cache: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder for image features, graphs and int8 weights. Not given: in the user's folder for caches.",
    ),
  cacheLimit: z
    .number()
    .positive()
    .default(20)
    .describe('GB that image features may take there: those not used for the longest time go.'),
  precision: z
    .enum(['fp32', 'int8'])
    .default('fp32')
    .describe("Numbers that the frozen image tower's weights are held in."),
});

export type MachineConfig = z.infer<typeof machineSchema>;

/** What a runtime needs to know of `machine`. */
export function runtimeOptions({ device, threads }: MachineConfig): RuntimeOptions {
  return {
    executionProviders: [device === 'auto' ? 'cpu' : device],
    ...(threads !== undefined && { threads }),
  };
}

/** Where graphs are kept. */
export async function graphOptions(
  { cache }: MachineConfig,
  environment: Environment,
): Promise<{ folder: string; version: string }> {
  const { defaultCacheFolder } = await import('../clip/hub.node.js');
  return { folder: cache ?? defaultCacheFolder(environment), version: packageVersion };
}

/** Where image features are kept, as many as fit the limit. */
export async function featureStore(
  { cache, cacheLimit }: MachineConfig,
  environment: Environment,
): Promise<FeatureStore> {
  const { join } = await import('node:path');
  const { defaultCacheFolder } = await import('../clip/hub.node.js');
  const { FeatureCache } = await import('../train/featureCache.node.js');
  const folder = cache ?? join(defaultCacheFolder(environment), 'features');
  return new FeatureCache(folder, cacheLimit * 1e9);
}

/** What learning needs of this machine: a runtime, the image tower's precision, a store for features. */
export async function learningMachine(
  machine: MachineConfig,
  environment: Environment,
  onNote: (note: string) => void,
): Promise<{
  readonly runtime: Runtime;
  readonly int8: BackboneOptions['int8'];
  readonly store: FeatureStore;
}> {
  const { nodeRuntime } = await import('../graph/runtime.node.js');
  const runtime = nodeRuntime(runtimeOptions(machine));
  const int8 = await int8Options(machine, runtime, environment, onNote);
  return { runtime, int8, store: await featureStore(machine, environment) };
}

/** How a backbone is to be opened for `precision`: as it is, or with its image tower in int8. */
export async function int8Options(
  { precision, cache }: MachineConfig,
  runtime: Runtime,
  environment: Environment,
  onNote: (note: string) => void,
): Promise<BackboneOptions['int8']> {
  if (precision === 'fp32') return undefined;
  const { defaultCacheFolder } = await import('../clip/hub.node.js');
  return { runtime, cacheFolder: cache ?? defaultCacheFolder(environment), onNote };
}
