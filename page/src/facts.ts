/** What the demo tells its page, over server-sent events: all of it at each change. Times in milliseconds since 1970. */
import type { TroubleName } from './troubles.ts';

/** How far a press has come, as the provisioner's journal has it. */
export interface PressFact {
  button: string;
  press: number;
  /** Empty when nothing was ordered. */
  cluster: string;
  step: string;
  history: { step: string; at: number }[];
  percent: number;
  address?: string;
  /** Why it came to nothing. */
  line?: string;
}

/** What a trouble came to that no display shows. */
export interface Notice {
  at: number;
  trouble: TroubleName;
  text: string;
}

export interface Facts {
  /** Another one for each start of the demo: what a page has kept of another world is worth nothing. */
  world: string;
  /** How many times faster than real the platform builds. */
  speed: number;
  /** The settings file that `dashbutton kubeconfig` asks for. */
  settingsFile: string;
  relay: boolean;
  provisioner: boolean;
  /** Of those that the demo makes, not the page. */
  troubles: TroubleName[];
  presses: PressFact[];
  /** Presses that the proxy has let into the lab, newest last. */
  passed: { button: string; at: number }[];
  notices: Notice[];
}

/** What the page needs to be a button. The demo's keys, and nobody else's. */
export interface ButtonFile {
  name: string;
  board: string;
  /** The text of its device.json. */
  device: string;
  networks: { ssid: string; password: string }[];
}
