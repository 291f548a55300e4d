/** `dashbutton profile`: what a button orders. */
import { Command } from 'commander';
import type { ImportOptions } from './import.ts';

export function profileCommand(): Command {
  const command = new Command('profile')
    .description("what a button orders: make a profile from an order captured in the platform's own pages")
    .addCommand(importCommand())
    .addHelpText('after', `\nExamples:\n  dashbutton profile import payload.json   prints a profile`);
  for (const one of command.commands) one.exitOverride();
  return command;
}

function importCommand(): Command {
  return new Command('import')
    .description('turn a create payload of the Cisco Container Platform into a profile')
    .argument('<payload>', 'a file with the payload as JSON; - reads standard input')
    .option('--name <profile>', "the profile's name (default: house, with EKS cloud)")
    .option('--platform <platform>', 'the platform in the settings (default: the only one there)')
    .option('--config <file>', 'add the profile to these settings, instead of printing it')
    .option('--replace', 'with --config: the profile is there already; give it this template')
    .option('--keep-ids', 'keep uuids, ARNs and public keys: the same platform and people as in the payload')
    .option('--ssh-key <file>', 'the public key that may log in to the nodes (a .pub file)')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton profile import payload.json
                              prints a profile; uuids and keys are left out, their places are marked
  dashbutton profile import payload.json --keep-ids --config lab.yaml
                              adds it to the settings of the lab in which it was captured
  dashbutton profile import payload.json --name big --platform lab-ccp --ssh-key ~/.ssh/id_ed25519.pub > big.yaml
  dashbutton profile import - --keep-ids --config lab.yaml --name house --replace < payload.json
                              a new template; range, rules and times stay as they are

How to capture a payload: open the browser's developer tools, tab Network, and create a cluster by hand. Click the
POST to /2/clusters or /v3/clusters/, then Payload (in Firefox: Request, Raw), "view source", copy, and save it.

Standard output has the profile; standard error says what was dropped, kept and guessed. Values of secrets are
never shown, and never get into a profile.`,
    )
    .action(async (payload: string, options: Omit<ImportOptions, 'payload'>) => {
      const { importProfile } = await import('./import.ts');
      const { out, notes, problems } = await importProfile({ payload, ...options }, process.stdin);
      process.stderr.write(notes);
      process.stdout.write(out);
      if (problems !== undefined) throw problems;
    });
}
