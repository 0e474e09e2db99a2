import { IqeError } from '../../base/errors.js';
import type { BenchOptions } from '../../train/bench/bench.node.js';
import { describePrecision, type PrecisionReport } from '../../train/bench/precision.js';
import { int8Options, runtimeOptions } from '../machine.js';
import { type VerbBuilder, type VerbContext, verbCommand } from '../verb.js';

interface BenchFlags {
  readonly run?: string;
  readonly sweep?: true;
}

/** `iqe-clip bench` */
export const benchCommand: VerbBuilder = (run) =>
  verbCommand('bench', 'Measures speed and memory on this machine, in under ten minutes.', [
    'preset',
    'method',
    'backbone',
    'device',
    'threads',
    'batch-size',
    'epochs',
    'cache',
  ])
    .addHelpText(
      'after',
      `
Without --backbone, a CLIP of ViT-L/14's size with random weights is made in a temporary
folder (1.7 GB) and deleted again. The preset is 'official' unless given. With --method, only
what that method costs per image and per training step is measured.`,
    )
    .argument('[image...]', 'With --run: images to compare int8 with float32 on.')
    .option('--run <run>', 'Folder of a run: instead, how far int8 moves its scores and maps.')
    .option('--sweep', 'Tables of costs against image size and batch size instead: half an hour.')
    .action(
      run(async (context, flags: BenchFlags, operands: string[]) => {
        const { settings, signal, onProgress, print } = context;
        if (flags.run !== undefined || operands.length > 0) {
          print(await compared(context, flags.run, operands), describePrecision);
          return;
        }
        const { backboneFolder } = await import('../../train/backbone.node.js');
        const { resolveRunConfig } = await import('../../train/config.js');
        const given = settings.given as { readonly backbone?: string; readonly method?: string };
        const { backbone } = given;
        const options: BenchOptions = {
          config: resolveRunConfig({ preset: 'official', ...given }),
          backbone:
            backbone === undefined
              ? undefined
              : await backboneFolder(backbone, { signal, onProgress }),
          runtime: runtimeOptions(settings.machine),
          program: process.argv[1]!,
          signal,
          onProgress,
        };
        if (given.method !== undefined && !flags.sweep) {
          const { methodCosts } = await import('../../train/bench/methodCosts.node.js');
          const { describeMethodCosts } = await import('../../train/bench/methodCosts.js');
          print(await methodCosts(options), describeMethodCosts);
          return;
        }
        if (flags.sweep) {
          const { sweep } = await import('../../train/bench/sweep.node.js');
          const { describeSweep } = await import('../../train/bench/sweep.js');
          print(await sweep(options), describeSweep);
          return;
        }
        const { bench } = await import('../../train/bench/bench.node.js');
        const { describeBench } = await import('../../train/bench/report.js');
        print(await bench(options), describeBench);
      }),
    );

/** The run's scores and maps in int8 beside those in float32. */
async function compared(
  { settings, environment, signal, onProgress, note }: VerbContext,
  run: string | undefined,
  operands: readonly string[],
): Promise<PrecisionReport> {
  if (run === undefined || operands.length === 0) {
    throw new IqeError('usage', 'Comparing precisions takes a run and images.', {
      hint: "For example 'iqe-clip bench --run RUN scans/'.",
    });
  }
  const { inputImages } = await import('../inputs.js');
  const { openRun } = await import('../../train/runFolder.node.js');
  const { nodeRuntime } = await import('../../graph/runtime.node.js');
  const { readImage } = await import('../../data/decode.node.js');
  const { comparePrecisions } = await import('../../train/bench/precision.js');
  const inputs = await inputImages(operands, { signal, onNote: note });
  const runtime = nodeRuntime(runtimeOptions(settings.machine));
  const { backbone } = settings.given as { readonly backbone?: string };
  const options = { backbone, images: inputs.length, signal, onProgress };
  const machine = { ...settings.machine, precision: 'int8' } as const;
  const int8 = await int8Options(machine, runtime, environment, note);
  const float = await openRun(run, runtime, options);
  try {
    const other = await openRun(run, runtime, { ...options, int8 });
    try {
      const images = inputs.map(
        ({ path }) =>
          () =>
            readImage(path, { signal }),
      );
      return await comparePrecisions(float.detector, other.detector, images, {
        signal,
        onProgress,
      });
    } finally {
      await other.detector.dispose();
    }
  } finally {
    await float.detector.dispose();
  }
}
