import { IqeError } from '../base/errors.js';
import type { MethodName } from '../methods/registry.js';
import type { OpenedRun } from '../train/runFolder.node.js';
import { graphOptions, int8Options, runtimeOptions } from './machine.js';
import type { VerbContext } from './verb.js';
import { packageVersion } from './version.js';

/**
 * What scores images: a run, a method that needs none, or the zero-shot head of the backbone.
 *
 * @param path The run's folder; nothing where the settings name a method instead, or nothing at all.
 * @param options.images How many images will be scored, where that is known.
 * @param options.embeddings Whether predictions of a run have embeddings.
 * @throws {IqeError} `usage` where they differ.
 */
export async function openScorer(
  path: string | undefined,
  { settings, environment, note, signal, onProgress }: VerbContext,
  { images, embeddings }: { readonly images?: number; readonly embeddings?: boolean } = {},
): Promise<OpenedRun> {
  const { nodeRuntime } = await import('../graph/runtime.node.js');
  const { backbone, method } = settings.given as { backbone?: string; method?: MethodName };
  const runtime = nodeRuntime(runtimeOptions(settings.machine));
  const options = { images, signal, onProgress };
  const int8 = () => int8Options(settings.machine, runtime, environment, note);
  const { openRun } = await import('../train/runFolder.node.js');
  if (path === undefined) {
    const head = await headFor(settings);
    if (head !== undefined) {
      note(
        'No --run: the zero-shot head of the backbone tiny, which has seen drawn phantoms only.',
      );
      return openRun(head, runtime, { ...options, embeddings, int8: await int8() });
    }
    const { openUntrained } = await import('../train/untrained.node.js');
    const opening = { ...options, int8: await int8() };
    return openUntrained(settings.run, packageVersion, runtime, opening);
  }
  const opened = await openRun(path, runtime, {
    ...options,
    embeddings,
    backbone,
    int8: await int8(),
    graphs: await graphOptions(settings.machine, environment),
  });
  const { config } = opened.run;
  if (method === undefined || method === config.method) return opened;
  await opened.detector.dispose();
  throw new IqeError('usage', `The run in ${path} is one of ${config.method}, not of ${method}.`, {
    hint: 'Leave out --method: the run says what it is.',
  });
}

/** The zero-shot head, where the settings name neither a method nor a backbone without one. */
async function headFor({ given, run }: VerbContext['settings']): Promise<string | undefined> {
  const { method = 'iqe-clip' } = given as { method?: MethodName };
  if (method !== 'iqe-clip') return undefined;
  const { zeroShotHead } = await import('../train/zeroShotHead.node.js');
  return zeroShotHead(run.backbone);
}

/**
 * Checks that there will be something to score with, before anything is loaded.
 *
 * @throws {IqeError} `usage` where there is no run, no method that needs none, and no zero-shot head.
 */
export async function checkScorer(path: string | undefined, { settings }: VerbContext) {
  if (path !== undefined || (await headFor(settings)) !== undefined) return;
  const { method } = settings.given as { method?: MethodName };
  const { entryOf, methodsThat } = await import('../methods/registry.js');
  const { needsNothing } = await import('../train/needs.js');
  if (method !== undefined && needsNothing(entryOf(method).needs)) return;
  const what =
    method === undefined ? 'There is no run to score images with.' : `${method} needs a run.`;
  throw new IqeError('usage', what, {
    hint: `Give --run RUN; 'iqe-clip fit DATA -o RUN' makes one from a few labelled images. Without one, --method can be ${methodsThat(needsNothing).join(', ')}.`,
  });
}
