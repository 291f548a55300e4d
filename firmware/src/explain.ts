/** Errors in words: which hop, what happened, and what the person holding the button can do. Chip's dialect. */
import type { Code } from '../../protocol/src/messages.ts';
import type { View } from './view.ts';

export interface Trouble {
  code: Code;
  line: string;
}

/** One line of advice per code; docs/troubleshooting.md says more under the same word. */
const advice: Record<Code, string> = {
  HOTSPOT: "Open the phone's hotspot page",
  RELAY: 'Check signal, then press again',
  LAB: 'Start the provisioner',
  PROXY: "Check the lab's proxy",
  PLATFORM: 'Ask the lab, press again',
  QUOTA: 'Give a cluster back first',
  STALE: 'Press again',
  KEY: 'Enroll this button again',
  BATTERY: 'Charge the battery',
  DEVICE: 'Flash device.json again',
};

/** The error screen for a trouble. */
export function explain(trouble: Trouble): View {
  return { kind: 'error', code: trouble.code, line: trouble.line, advice: advice[trouble.code] };
}

/** What a CONNACK return code means (MQTT 3.1.1, section 3.2.2.3); 128 stands for a refused subscription. */
export function refusal(returnCode: number): Trouble {
  switch (returnCode) {
    case 1:
      return { code: 'RELAY', line: 'The relay speaks another MQTT' };
    case 2:
      return { code: 'RELAY', line: 'The relay refuses this name' };
    case 3:
      return { code: 'RELAY', line: 'The relay is not available' };
    case 4:
    case 5:
      return { code: 'RELAY', line: 'The relay does not know this button' };
    case 128:
      return { code: 'RELAY', line: 'The relay refuses our topics' };
    default:
      return { code: 'RELAY', line: `The relay refuses: ${returnCode}` };
  }
}
