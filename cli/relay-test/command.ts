/** `dashbutton relay test`: asks a broker, whoever made it, for what we need. */
import { Command } from 'commander';
import type { TestOptions } from './test.ts';

export function testCommand(): Command {
  return new Command('test')
    .description('ask a broker for what the dash button needs, and say what it lacks')
    .argument('<url>', 'mqtt://, mqtts://, ws:// or wss://')
    .argument('[other]', 'the URL of another node of the same broker')
    .requiredOption('--device <file>', 'device.json of a button that was enrolled for this')
    .requiredOption('--neighbour <file>', 'of another one of the same site')
    .requiredOption('--password <file>', "the password file of that site's provisioner")
    .option('--user <name>', "the provisioner's login (default: the site's name)")
    .option('--revoked <file>', 'device.json of a button that was revoked')
    .option('--ca <file>', 'PEM of the authority, for mqtts and wss')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton enroll test-1 --site test --profile none --relay mqtt://broker.example.net --users test-users.yaml
  dashbutton enroll test-2 --site test --profile none --relay mqtt://broker.example.net --users test-users.yaml
  dashbutton relay test mqtt://broker.example.net --device test-1.device.json --neighbour test-2.device.json \\
                        --password test.password
  dashbutton relay test mqtt://node-1 mqtt://node-2 …        also what one node knows of the other

Use a site that nobody else uses: a provisioner that runs under the same name would be thrown out, and what it retains
would be written over. It takes half a minute.

Exit code 0: everything that was looked at is kept, or what is missing does no harm; 1: it lacks something.`,
    )
    .action(
      async (url: string, otherUrl: string | undefined, options: Omit<TestOptions, 'url' | 'otherUrl'>) => {
        const { testRelay } = await import('./test.ts');
        const lacking = await testRelay(
          { url, ...(otherUrl === undefined ? {} : { otherUrl }), ...options },
          line => process.stdout.write(`${line}\n`),
        );
        process.exitCode = lacking === 0 ? 0 : 1;
      },
    );
}
