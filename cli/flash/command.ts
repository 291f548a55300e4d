/** `dashbutton flash`: the program and a button's device.json, onto the chip. */
import { Command } from 'commander';
import { exitCodes, FlashError } from './flash-error.ts';

export function flashCommand(): Command {
  return new Command('flash')
    .description(
      "build the firmware, shut the chip's consoles, put program and device.json on it, and read all back",
    )
    .argument('<button>', 'its name, as it was enrolled')
    .requiredOption('--port <port>', 'serial port of the board, or tcp://host:port')
    .option('--device <file>', "the button's device.json (default: <button>.device.json)")
    .option('--board <name>', 'refuse a device.json that was made for another board')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton flash house-01 --port /dev/ttyUSB0
  dashbutton flash house-01 --port /dev/cu.usbserial-0001 --device keys/house-01.device.json
  dashbutton flash house-01 --port tcp://127.0.0.1:2323     the interpreter's Linux build (espruino --telnet)

The chip needs the Espruino interpreter on it, once: docs/hardware.md. A sleeping board does not answer:
press its button or RST first. The same command flashes it again at any time; its press number stays.
Once flashed, a chip takes no console but USB. Nothing is fetched from the network.
Exit code ${exitCodes.silent}: the chip gives no answer. ${exitCodes.differs}: it has something else than was sent. 2: all else.`,
    )
    .action(async (button: string, options: { port: string; device?: string; board?: string }) => {
      const { flash } = await import('./flash.ts');
      try {
        await flash({ button, ...options }, line => process.stdout.write(`${line}\n`));
      } catch (error) {
        if (!(error instanceof FlashError)) throw error;
        process.stderr.write(`dashbutton: ${error.message}\n`);
        process.exitCode = exitCodes[error.reason];
      }
    });
}
