/** Errors in words: which hop, what happened, and what the person holding the button can do. Chip's dialect. */
import type { Code } from '../../protocol/src/messages.ts';
import type { Screen } from './view.ts';

/** One line of advice per code; docs/troubleshooting.md says more under the same word. What to do about a rule stands in its line. */
const advice: Record<Code, string> = {
  HOTSPOT: "Open the phone's hotspot page",
  RELAY: 'Check signal, press again',
  LAB: 'Start the provisioner',
  PROXY: "Check the lab's proxy",
  PLATFORM: 'Ask the lab',
  QUOTA: '',
  STALE: 'Press again',
  KEY: 'Enroll this button again',
  BATTERY: 'Charge the battery',
  DEVICE: 'Run dashbutton flash',
};

/** The error screen for a code and a line that says what happened. */
export function explain(code: Code, line: string): Screen {
  return { kind: 'error', code, line, advice: advice[code] };
}

/** CONNACK return codes 1 to 5 (MQTT 3.1.1, section 3.2.2.3). */
const refusals = ['other MQTT', 'bad name', 'not available', 'bad login', 'not allowed'];

/** What a CONNACK return code means; 128 stands for a refused subscription. */
export function refusal(returnCode: number): string {
  return `The relay refuses: ${refusals[returnCode - 1] || 'our topics'}`;
}

/** Who the button is, or where it belongs, is not what the relay knows: enrolling helps, another signal does not. */
export function refusalCode(returnCode: number): Code {
  return returnCode === 1 || returnCode === 3 ? 'RELAY' : 'KEY';
}
