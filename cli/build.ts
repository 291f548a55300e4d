/** `dashbutton build`: the firmware as one file for the chip. */
import { relative } from 'node:path';
import { Command } from 'commander';
import { messageOf, SetupError } from '../config/src/setup-error.ts';

export function buildCommand(): Command {
  return new Command('build')
    .description('compile the firmware to one JavaScript file for the chip')
    .option('--out <file>', 'where to write it (default: firmware/dist/dashbutton.js)')
    .option('--readable', 'do not minify')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton build                          firmware/dist/dashbutton.js
  dashbutton build --readable --out b.js    to read what the chip will run`,
    )
    .action(async (options: { out?: string; readable?: boolean }) => {
      const { buildFirmware } = await import('../firmware/build.ts');
      const { path, bytes } = await buildFirmware({
        minify: options.readable !== true,
        ...(options.out === undefined ? {} : { outfile: options.out }),
      }).catch(error => {
        throw new SetupError(`the firmware does not build: ${messageOf(error)}`);
      });
      process.stdout.write(`${relative(process.cwd(), path)}  ${bytes} bytes\n`);
    });
}
