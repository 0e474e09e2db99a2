import { Command } from 'commander';
import { exitStatus } from '../errors.js';
import { type VerbBuilder, verbCommand } from '../verb.js';

/** `iqe-clip data check DIR` */
export const dataCommand: VerbBuilder = (run) =>
  new Command('data').description('Looks at data sets.').addCommand(
    verbCommand(
      'check',
      'Tells what a folder is read as and what is wrong with it; changes nothing.',
    )
      .argument('<dir>', 'Folder of a data set or of images.')
      .action(
        run(async ({ signal, onProgress, print }, _options, dir: string) => {
          const { checkDataSet } = await import('../../data/check.node.js');
          const { describeDataCheck } = await import('../../data/checkText.js');
          const check = await checkDataSet(dir, { signal, onProgress });
          print(check, describeDataCheck);
          return check.usable ? exitStatus.ok : exitStatus.usage;
        }),
      ),
  );
