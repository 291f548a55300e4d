/** `dashbutton press`: a simulated board in this terminal, against any relay. */
import { Command } from 'commander';

export function pressCommand(): Command {
  return new Command('press')
    .description(
      'press a simulated button in this terminal; the relay and the lab are whatever it was made for',
    )
    .argument('<button>', 'its name')
    .option(
      '--boards <folder>',
      'where the simulated boards keep their flash: <folder>/<button>/device.json',
      'boards',
    )
    .addHelpText(
      'after',
      `
Examples:
  dashbutton demo --dir play                          in one terminal, and in another:
  dashbutton press house-01 --boards play/boards      the board joins every network that its device.json knows

The last line is: ready <cluster> <address> <seconds>`,
    )
    .action(async (button: string, options: { boards: string }) => {
      const { press } = await import('./press.ts');
      process.exitCode = await press(button, options.boards);
    });
}
