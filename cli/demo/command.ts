/** `dashbutton demo`: everything on this machine, simulated where it must be. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { clouds } from './clouds.ts';
import type { DemoOptions } from './demo.ts';

export function demoCommand(): Command {
  return new Command('demo')
    .description('relay, provisioner, simulated platform and two simulated buttons on this machine')
    .option('--once [button]', 'press once, wait for the address, end (house-01 or cloud-01)')
    .option('--speed <factor>', 'how many times faster than real the platform builds', speedOption, 32)
    .addOption(new Option('--cloud <platform>', 'where cloud-01 orders').choices(clouds).default(clouds[0]))
    .option('--no-page', 'only the terminal, nothing for the browser')
    .option('--dir <folder>', 'keep keys, settings, journal and log here (default: a temporary folder)')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton demo                          press with the keys 1 and 2, or in the browser at the address that it prints
  dashbutton demo --once                   the last line is: ready <cluster> <address> <seconds>
  dashbutton demo --once cloud-01          the same with the other button
  dashbutton demo --speed 1                a build takes 160 s, as it did in 2019
  dashbutton demo --cloud cluster-api      cloud-01 orders on a simulated management cluster of Cluster API
  dashbutton demo --dir play               then, elsewhere: dashbutton press house-01 --boards play/boards

While it runs, elsewhere: dashbutton presses --config play/provisioner.yaml; the same with clusters, kubeconfig, release and
doctor. Without --dir it says where its settings are. One folder is for one demo at a time, and for nothing else.`,
    )
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo.ts');
      process.exitCode = await demo(options);
    });
}

function speedOption(text: string): number {
  const speed = Number(text);
  if (!(speed >= 0.1 && speed <= 1000)) throw new InvalidArgumentError('Expected a number from 0.1 to 1000.');
  return speed;
}
