import { join } from 'node:path';
import { IqeError } from '../../base/errors.js';
import { exitStatus } from '../errors.js';
import { learningMachine } from '../machine.js';
import { givenPath } from '../paths.js';
import { readingFlags } from '../settingKeys.js';
import { type VerbBuilder, verbCommand } from '../verb.js';
import { packageVersion } from '../version.js';

interface BenchmarkFlags {
  readonly out?: string;
  readonly data?: string;
  readonly schema?: true;
}

/** `iqe-clip benchmark CONFIG -o OUT` */
export const benchmarkCommand: VerbBuilder = (run) =>
  verbCommand('benchmark', 'Compares methods on data sets and writes tables and a report.', [
    'preset',
    'backbone',
    'device',
    'threads',
    'batch-size',
    'epochs',
    'cache',
    'precision',
    ...readingFlags,
  ])
    .addHelpText(
      'after',
      `
What is run is said in CONFIG (see configs/); settings given here win over it. The same
command again goes on where it stopped and does again only what changed.`,
    )
    .argument('[benchmark]', 'File that says what to compare (YAML or JSON).', givenPath)
    .option('-o, --out <out>', 'Folder for runs, tables and the report.', givenPath)
    .option(
      '--data <dir>',
      'Folder that the data sets are in, instead of what CONFIG says.',
      givenPath,
    )
    .option('--schema', 'Print the JSON schema of CONFIG.')
    .action(
      run(async (context, flags: BenchmarkFlags, file?: string) => {
        const { settings, environment, signal, onProgress, note, print } = context;
        if (flags.schema) {
          const { benchmarkJsonSchema } = await import('../../benchmark/config.js');
          print(benchmarkJsonSchema(), (schema) => JSON.stringify(schema, undefined, 2));
          return;
        }
        const { out } = flags;
        if (file === undefined || out === undefined) {
          throw new IqeError('usage', 'A benchmark takes a file that describes it and -o OUT.', {
            hint: "For example 'iqe-clip benchmark configs/compare-small.yaml -o OUT'.",
          });
        }
        const { readBenchmark } = await import('../../benchmark/configFile.node.js');
        const { runBenchmark } = await import('../../benchmark/runBenchmark.node.js');
        const { writeBenchmark } = await import('../../benchmark/writeBenchmark.node.js');
        const { benchmarkTables } = await import('../../benchmark/tables.js');
        const { seed, method: _method, ...given } = settings.given as Record<string, unknown>;
        const described = await readBenchmark(file, flags.data);
        const benchmark =
          seed === undefined ? described : { ...described, seeds: [seed as number] };
        const outcome = await runBenchmark({
          benchmark,
          given,
          output: out,
          ...(await learningMachine(settings.machine, environment, note)),
          version: packageVersion,
          signal,
          onProgress,
          onNote: note,
        });
        const version = packageVersion;
        await writeBenchmark(out, benchmark, outcome, { version, signal });
        const cells = outcome.cells.map(({ result }) => result);
        const { tableMarkdown } = await import('../../report/table.js');
        print({ out, title: benchmark.title, cells }, () =>
          [
            ...benchmarkTables(benchmark, cells).map(tableMarkdown),
            `The report is ${join(out, 'report.html')}.`,
          ].join('\n'),
        );
        const failed = cells.some(({ failure, failedImages }) => failure ?? failedImages > 0);
        return failed ? exitStatus.someFailed : exitStatus.ok;
      }),
    );
