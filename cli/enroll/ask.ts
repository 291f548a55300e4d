/** Asks for Wi-Fi networks on the terminal. Passwords are not shown while they are typed. */
import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { SetupError } from '../../config/src/setup-error.ts';
import { maxNetworks, type Network, passwordProblem, ssidProblem } from './wifi.ts';

export interface Keyboard {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

/** Asks until an empty name. Throws a SetupError when nobody can be asked. */
export async function askWifi({ input, output }: Keyboard): Promise<Network[]> {
  if (input.isTTY !== true) {
    throw new SetupError('no Wi-Fi is known: name a file with --wifi, or run this in a terminal to be asked');
  }
  let muted = false;
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!muted) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: echo, terminal: true });
  const gone = new AbortController();
  lines.once('close', () => gone.abort());
  const ask = async (question: string, check: (text: string) => string | undefined, hidden = false) => {
    for (;;) {
      const answered = nextLine(lines, question, gone.signal);
      muted = hidden; // the question itself has been written
      const answer = await answered;
      muted = false;
      if (hidden) output.write('\n');
      const problem = check(answer);
      if (problem === undefined) return answer;
      output.write(`  ${problem}\n`);
    }
  };
  const networks: Network[] = [];
  output.write('Networks that the button may join, the phone that is always there first.\n');
  try {
    while (networks.length < maxNetworks) {
      const last = networks.length > 0;
      const question = last ? 'Another network (empty: no more): ' : 'Name of the network: ';
      const ssid = await ask(question, text => (last && text === '' ? undefined : ssidProblem(text)));
      if (ssid === '') break;
      const password = await ask('Its password (not shown; empty: open): ', passwordProblem, true);
      networks.push({ ssid, password });
    }
  } finally {
    lines.close();
  }
  return networks;
}

async function nextLine(lines: Interface, question: string, signal: AbortSignal): Promise<string> {
  try {
    return await lines.question(question, { signal });
  } catch {
    throw new SetupError('stopped before the Wi-Fi was known: nothing was changed');
  }
}
