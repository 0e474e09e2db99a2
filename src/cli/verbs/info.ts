import { jsonSchema } from '../settingKeys.js';
import { type VerbBuilder, verbCommand } from '../verb.js';

/** `iqe-clip info [TARGET]` */
export const infoCommand: VerbBuilder = (run) =>
  verbCommand('info', 'Tells versions and backends, and what a run or a backbone is.', [
    'device',
    'threads',
    'cache',
  ])
    .argument('[target]', 'Folder of a run; or a backbone: tiny, a folder, a downloaded hub name.')
    .option('--schema', 'Print the JSON schema of configurations instead.')
    .action(
      run(async (context, { schema }: { schema?: true }, target: string | undefined) => {
        if (schema) {
          context.print(jsonSchema(), (json) => JSON.stringify(json, undefined, 2));
          return;
        }
        const { installationInfo, describeInstallation } = await import('../info/installation.js');
        const { runInfo, describeRun } = await import('../info/run.js');
        const { backboneInfo, describeBackbone } = await import('../info/backbone.js');
        const { environment, settings } = context;
        const installation = await installationInfo(settings.machine, environment);
        const found = target === undefined ? undefined : await runInfo(target);
        const isBackbone = target !== undefined && found === undefined;
        const backbone = isBackbone ? await backboneInfo(target, environment) : undefined;
        context.print({ ...installation, run: found ?? null, backbone: backbone ?? null }, () =>
          [
            describeInstallation(installation),
            ...(found ? [describeRun(found)] : []),
            ...(backbone ? [describeBackbone(backbone)] : []),
          ].join('\n\n'),
        );
      }),
    );
