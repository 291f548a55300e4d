/**
 * `dashbutton`: one command, a subcommand for each thing a person does. Each loads its room only when it is
 * called, so that help comes at once.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { errnoOf, messageOf, SetupError } from '../config/src/setup-error.ts';
import { buildCommand } from './build.ts';
import { clustersCommand } from './clusters/command.ts';
import { demoCommand } from './demo/command.ts';
import { doctorCommand } from './doctor/command.ts';
import { enrollCommand, revokeCommand } from './enroll/command.ts';
import { flashCommand } from './flash/command.ts';
import { journalCommand } from './journal/command.ts';
import { kubeconfigCommand } from './kubeconfig/command.ts';
import { noticesCommand } from './notices/command.ts';
import { platformCommand } from './platform-test/command.ts';
import { pressCommand } from './press/command.ts';
import { pressesCommand } from './presses/command.ts';
import { profileCommand } from './profile/command.ts';
import { provisionerCommand } from './provisioner.ts';
import { relayCommand } from './relay.ts';
import { releaseCommand } from './release/command.ts';

/** 2: the person at the keyboard has to mend something; 1: it did not work out. */
const exitSetup = 2;
const exitFailure = 1;

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(version);
}

// `dashbutton … | head`: whoever read has read enough.
process.stdout.on('error', error => {
  if (errnoOf(error) !== 'EPIPE') throw error;
  process.exit(0);
});

const program = new Command('dashbutton')
  .description('Press a button; a Kubernetes cluster is built; its address appears on the display.')
  .version(version())
  .showHelpAfterError('(dashbutton --help shows what there is)')
  .exitOverride()
  .addCommand(demoCommand())
  .addCommand(pressCommand())
  .addCommand(relayCommand())
  .addCommand(provisionerCommand())
  .addCommand(doctorCommand())
  .addCommand(pressesCommand())
  .addCommand(clustersCommand())
  .addCommand(kubeconfigCommand())
  .addCommand(releaseCommand())
  .addCommand(noticesCommand())
  .addCommand(journalCommand())
  .addCommand(platformCommand())
  .addCommand(profileCommand())
  .addCommand(enrollCommand())
  .addCommand(flashCommand())
  .addCommand(revokeCommand())
  .addCommand(buildCommand())
  .addHelpText(
    'after',
    `
Examples:
  dashbutton demo                                everything on this machine, simulated where it must be
  dashbutton demo --once                         one press, no keyboard; ends with the address
  dashbutton relay --users users.yaml            the broker in the cloud
  dashbutton provisioner --config lab.yaml       what runs inside the lab
  dashbutton doctor --config lab.yaml            what is broken, and which setting mends it
  dashbutton presses --config lab.yaml           what was pressed and what became of it
  dashbutton clusters --config lab.yaml          what stands
  dashbutton kubeconfig desk-3 --config lab.yaml the way into a cluster
  dashbutton release desk-3 --config lab.yaml    gives a cluster back
  dashbutton notices --config lab.yaml           what webhooks would not have
  dashbutton journal copy --config lab.yaml      a copy of the journal, for the day the machine is lost
  dashbutton platform test --config lab.yaml --profile house   whether your platform does what a button needs
  dashbutton profile import payload.json         what a button orders, from a captured order
  dashbutton enroll house-01 --profile house     keys and entries for a new button
  dashbutton flash house-01 --port /dev/ttyUSB0  puts the program and its device.json on the chip
  dashbutton press house-01 --boards boards      a simulated board in this terminal`,
  );
for (const command of program.commands) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has said what was wrong; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : exitSetup;
  } else {
    process.stderr.write(`dashbutton: ${messageOf(error)}\n`);
    process.exitCode = error instanceof SetupError ? exitSetup : exitFailure;
  }
}
