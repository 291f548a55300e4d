/** `dashbutton platform test`: makes one cluster on a platform of the settings, in every awkward way, and removes it. */
import { Command } from 'commander';
import type { PlatformTestOptions } from './test.ts';

export function platformCommand(): Command {
  const command = new Command('platform')
    .description('what makes the clusters: try it before a button does')
    .addCommand(testCommand());
  for (const one of command.commands) one.exitOverride();
  return command;
}

function testCommand(): Command {
  return new Command('test')
    .description(
      "order one cluster by a profile in every awkward way, and remove it: whether the platform keeps the driver's contract",
    )
    .requiredOption('--config <file>', "the provisioner's settings")
    .requiredOption('--profile <name>', 'what is ordered')
    .addHelpText(
      'after',
      `
It really makes a cluster, named test-<four letters>-1, with a free range of the profile's pool, and removes it at the end, also when something
fails or you press Ctrl-C. It takes as long as two builds at most (deadlineS each) and the removal. No relay and no button is needed, and the journal is
not touched: a provisioner may run meanwhile.

Asked for twice at once; looked at by another process in the middle; the process that ordered it ends and another goes on; ready, with its API server
answering; somebody else's order of the same name; removed twice.

Examples:
  dashbutton platform test --config lab.yaml --profile house

Exit code 0: it keeps all of it; 1: it does not.`,
    )
    .action(async (options: PlatformTestOptions) => {
      const { testPlatform } = await import('./test.ts');
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      const broken = await testPlatform(options, line => process.stdout.write(`${line}\n`), stop.signal);
      process.exitCode = broken === 0 ? 0 : 1;
    });
}
