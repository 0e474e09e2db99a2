import { join } from 'node:path';
import { IqeError } from '../../base/errors.js';
import { givenPath, isFolder } from '../paths.js';
import { type VerbBuilder, verbCommand } from '../verb.js';

interface ReportFlags {
  readonly out?: string;
}

/** `iqe-clip report OUT` */
export const reportCommand: VerbBuilder = (run) =>
  verbCommand('report', 'Writes the HTML report of a run, an evaluation or a benchmark.')
    .argument('<folder>', "Folder that 'fit', 'evaluate -o' or 'benchmark -o' wrote.", givenPath)
    .option('-o, --out <file>', 'File to write (default: report.html in the folder).', givenPath)
    .action(
      run(async ({ print }, flags: ReportFlags, folder: string) => {
        const { readReport, writeReport } = await import('../../report/writeReport.node.js');
        const data = (await readReport(folder)) ?? (await reportOfRun(folder));
        if (!data) {
          throw new IqeError('data', `There is nothing to report in ${folder}.`, {
            hint: (await isFolder(join(folder, 'cells')))
              ? 'The benchmark there is not finished: repeat its command, which goes on where it stopped.'
              : "A report is made of what 'fit', 'evaluate -o' or 'benchmark -o' wrote.",
          });
        }
        const file = flags.out ?? join(folder, 'report.html');
        await writeReport(file, data);
        print({ report: file }, ({ report }) => `The report is ${report}.`);
      }),
    );

async function reportOfRun(folder: string) {
  const { RunFolder } = await import('../../train/runFolder.node.js');
  const { runReport } = await import('../../report/runReport.js');
  const saved = await new RunFolder(folder).read();
  return saved && runReport(saved);
}
