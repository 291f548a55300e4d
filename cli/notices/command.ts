/** `dashbutton notices`: what webhooks would not have. */
import { Command } from 'commander';

export function noticesCommand(): Command {
  return new Command('notices')
    .description('list notices that a webhook has refused for good (4xx), or have them sent again')
    .argument('[id...]', 'with --again: only these; left out: all')
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option('--again', 'send them again')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton notices --config lab.yaml            when, which webhook, what about, what it answered, and the id
  dashbutton notices --config lab.yaml --again    all of them once more: after the receiver was mended

A notice that is refused for good holds up nothing behind it. The provisioner has to run.`,
    )
    .action(async (ids: string[], options: { config: string; again?: boolean }) => {
      const { notices } = await import('./notices.ts');
      await notices(ids, options, line => process.stdout.write(`${line}\n`));
    });
}
