/** `dashbutton journal`: a copy of it, and a new one where it is lost. */
import { Command } from 'commander';
import type { CopyOptions } from './copy.ts';
import type { RecoverCommandOptions } from './recover.ts';

export function journalCommand(): Command {
  return new Command('journal')
    .description('copy the journal while the provisioner runs, or make one again when it is lost')
    .addCommand(copyCommand())
    .addCommand(recoverCommand());
}

function copyCommand(): Command {
  return new Command('copy')
    .description('take a whole copy of the journal, also while the provisioner runs')
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option('--out <file>', 'a new file, for you only (mode 600); left out: standard output')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton journal copy --config lab.yaml --out journal-copy.txt
  kubectl exec deploy/dashbutton-provisioner -- dashbutton journal copy --config /etc/dashbutton/lab.yaml > copy.txt

It is one file, checked before this ends: there whole or not at all. It holds no secret, but who builds what and when.
dashbutton journal recover --copy reads it; a provisioner cannot start with it as it is, because what was pressed after it
was taken is not in it.`,
    )
    .action(async (options: CopyOptions) => {
      const { copy } = await import('./copy.ts');
      const text = await copy(options, line => process.stderr.write(`${line}\n`));
      if (text !== undefined) process.stdout.write(text);
    });
}

function recoverCommand(): Command {
  return new Command('recover')
    .description(
      'make a journal where it is lost, from what the platforms hold and the relays retain; asks before it writes',
    )
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option(
      '--copy <file>',
      'begin with this copy, of whatever age: newer things are added, what is over is ended',
    )
    .option(
      '--without <name>',
      'leave out this platform, or this relay (host:port), if it does not answer; may be given again',
      (name: string, before: string[]) => [...before, name],
      [],
    )
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton journal recover --config lab.yaml                                what it found, and what cannot be known; then asks
  dashbutton journal recover --config lab.yaml --copy journal-copy.txt        the same on top of a copy
  dashbutton journal recover --config lab.yaml --without relay.example.net:8883 --yes

Stop every provisioner of this site first: this logs in to the relays with its name. It reads each platform twice,
removes nothing, orders nothing, and is refused while there is a journal. Clusters are known by the marks that stand on
them; a press from before now is never taken for a new one.`,
    )
    .action(async (options: RecoverCommandOptions) => {
      const { recoverJournal } = await import('./recover.ts');
      const keyboard = { input: process.stdin, output: process.stderr };
      await recoverJournal(options, keyboard, line => process.stdout.write(`${line}\n`));
    });
}
