import type { BenchOptions } from '../../train/bench/bench.node.js';
import { runtimeOptions } from '../machine.js';
import { type VerbBuilder, verbCommand } from '../verb.js';

interface BenchFlags {
  readonly sweep?: true;
}

/** `iqe-clip bench` */
export const benchCommand: VerbBuilder = (run) =>
  verbCommand('bench', 'Measures speed and memory on this machine, in under ten minutes.', [
    'preset',
    'backbone',
    'device',
    'threads',
    'batch-size',
    'epochs',
  ])
    .addHelpText(
      'after',
      `
Without --backbone, a CLIP of ViT-L/14's size with random weights is made in a temporary
folder (1.7 GB) and deleted again. The preset is 'official' unless given.`,
    )
    .option('--sweep', 'Tables of costs against image size and batch size instead: half an hour.')
    .action(
      run(async ({ settings, signal, onProgress, print }, { sweep: isSweep }: BenchFlags) => {
        const { backboneFolder } = await import('../../train/backbone.node.js');
        const { resolveRunConfig } = await import('../../train/config.js');
        const given = settings.given as { readonly backbone?: string };
        const { backbone } = given;
        const options: BenchOptions = {
          config: resolveRunConfig({ preset: 'official', ...given }),
          backbone:
            backbone === undefined
              ? undefined
              : await backboneFolder(backbone, { signal, onProgress }),
          runtime: runtimeOptions(settings.machine),
          signal,
          onProgress,
        };
        if (isSweep) {
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
