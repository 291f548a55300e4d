/** `dashbutton presses`: what was pressed and what became of it. */
import { Command, InvalidArgumentError } from 'commander';
import type { PressesOptions } from './presses.ts';

export function pressesCommand(): Command {
  return new Command('presses')
    .description(
      'what was pressed and what became of it, newest first; with a number: one press step by step',
    )
    .argument('[button]', 'this button only')
    .argument('[number]', 'this press only, with its whole history', pressNumber)
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option('--json', 'the records as they are in the journal, one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton presses --config lab.yaml                  button, press, when, step, cluster, how long, address
  dashbutton presses house-01 --config lab.yaml         those of one button
  dashbutton presses house-01 3 --config lab.yaml       each step of one press, who gave its cluster back, what is left
  dashbutton presses --json --config lab.yaml | jq .    everything, for programs

Asks the running provisioner; when none runs, reads its journal and says so on standard error.
Run it as the provisioner's user (or root): nobody else may ask.`,
    )
    .action(async (button: string | undefined, press: number | undefined, options: PressesOptions) => {
      const { presses } = await import('./presses.ts');
      const lines = await presses(options, button, press, line => process.stderr.write(`${line}\n`));
      process.stdout.write(lines.map(line => `${line}\n`).join(''));
    });
}

function pressNumber(text: string): number {
  const press = Number(text);
  if (!/^\d{1,10}$/.test(text) || press < 1)
    throw new InvalidArgumentError('Expected a press number, 1 or more.');
  return press;
}
