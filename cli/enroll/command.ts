/** `dashbutton enroll` and `dashbutton revoke`: a button comes, a button goes. */
import { Command } from 'commander';
import type { EnrollOptions } from './plan.ts';

const usersOption = ['--users <file>', "the relay's users file", 'users.yaml'] as const;
const configOption = ['--config <file>', "the provisioner's settings", 'provisioner.yaml'] as const;

export function enrollCommand(): Command {
  return new Command('enroll')
    .description('make a button known: keys, passwords, its entries on both sides, and its device.json')
    .argument('<button>', 'its name, also the first part of the names of its clusters')
    .option('--site <site>', 'the lab it belongs to (default: what the settings say)')
    .option('--profile <profile>', "what it orders: a profile in the provisioner's settings")
    .option(
      '--relay <urls...>',
      'mqtt://host:port or mqtts://host:port, up to three (default: what the settings say)',
    )
    .option('--board <name>', 'the board it is made of (default: firebeetle-2-esp32-e)')
    .option('--wifi <file>', 'YAML list of {ssid, password} (default: ask)')
    .option(
      '--battery <points>',
      'two voltages at the cell and the two that the button told, see docs/hardware.md',
    )
    .option('--out <file>', 'where its device.json goes (default: <button>.device.json)')
    .option(...usersOption)
    .option(...configOption)
    .option('--rekey', 'the button is known already: give it new keys')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton enroll house-01 --site lab --profile house --relay mqtt://relay.example.net:1883
                                              asks for the Wi-Fi; the password is not shown
  dashbutton enroll house-02 --profile house --wifi wifi.yaml
                                              site and relay as provisioner.yaml says
  dashbutton enroll desk --profile cloud --board esp32-ssd1306
  dashbutton enroll door --profile house --relay mqtts://relay-1.example.net mqtts://relay-2.example.org
                                              two relays that share nothing: one that works is enough
  dashbutton enroll house-01 --rekey          new keys; Wi-Fi, relay, board and battery as before
  dashbutton enroll house-01 --rekey --battery 3.52=3.41,4.12=3.98
                                              the meter said 3.52 V where the button said 3.41, and so on

wifi.yaml:
  - { ssid: "Ada phone", password: "eight or more" }
  - { ssid: "workshop" }

A name may have letters beyond ASCII ("Ada’s iPhone"), and 31 bytes in UTF-8: the chip cuts there.
Passwords never stand on the command line. Every file with a secret gets mode 600.`,
    )
    .action(async (button: string, options: Omit<EnrollOptions, 'button'>) => {
      const { enroll } = await import('./enroll.ts');
      const { askWifi } = await import('./ask.ts');
      const ask = () => askWifi({ input: process.stdin, output: process.stdout });
      process.stdout.write(await enroll({ button, ...options }, ask));
    });
}

export function revokeCommand(): Command {
  return new Command('revoke')
    .description('make a button unknown again: its entries on both sides and its key file go')
    .argument('<button>', 'its name')
    .option(...usersOption)
    .option(...configOption)
    .addHelpText(
      'after',
      `
Examples:
  dashbutton revoke house-01                                lost, stolen or given away
  dashbutton revoke house-01 --users /etc/relay/users.yaml --config lab.yaml`,
    )
    .action(async (button: string, options: { users: string; config: string }) => {
      const { revoke } = await import('./revoke.ts');
      process.stdout.write(await revoke({ button, ...options }));
    });
}
