/** What can be made to go wrong, on purpose. */
import type { Station } from './way.ts';

export type TroubleName =
  | 'hotspot'
  | 'password'
  | 'relay'
  | 'lab'
  | 'proxy'
  | 'platform'
  | 'battery'
  | 'forged'
  | 'replay'
  | 'killed';

export interface Trouble {
  name: TroubleName;
  title: string;
  /** What a press comes to, in a few words. */
  tells: string;
  /** Who makes it: the simulated board in the page, or the demo's own programs. */
  by: 'page' | 'demo';
  /** Happens once, at the click; the others stay until they are switched off. */
  once?: true;
  /** On the display of a press. */
  code?: string;
  /** The first station that a press does not reach. */
  dark?: Station;
}

export const troubles: readonly Trouble[] = [
  {
    name: 'hotspot',
    title: 'Hotspot out of reach',
    tells: 'HOTSPOT',
    by: 'page',
    code: 'HOTSPOT',
    dark: 'hotspot',
  },
  {
    name: 'password',
    title: 'Wrong Wi-Fi password',
    tells: 'HOTSPOT',
    by: 'page',
    code: 'HOTSPOT',
    dark: 'hotspot',
  },
  { name: 'relay', title: 'Relay down', tells: 'RELAY', by: 'demo', code: 'RELAY', dark: 'relay' },
  { name: 'proxy', title: 'Proxy refuses the lab', tells: 'LAB', by: 'demo', code: 'LAB', dark: 'proxy' },
  { name: 'lab', title: 'Provisioner stopped', tells: 'LAB', by: 'demo', code: 'LAB', dark: 'proxy' },
  {
    name: 'platform',
    title: 'Platform out of room',
    tells: 'PLATFORM',
    by: 'demo',
    code: 'PLATFORM',
    dark: 'cluster',
  },
  { name: 'battery', title: 'Battery low', tells: 'BATTERY', by: 'page', code: 'BATTERY', dark: 'hotspot' },
  {
    name: 'killed',
    title: 'Provisioner killed in the middle',
    tells: 'is built all the same',
    by: 'demo',
  },
  {
    name: 'forged',
    title: 'A stranger forges a press',
    tells: 'refused: bad signature',
    by: 'demo',
    once: true,
  },
  { name: 'replay', title: 'The last press is replayed', tells: 'no second cluster', by: 'demo', once: true },
];

/** Those that a page's address asks for: `?trouble=proxy,battery`. Names that nobody knows are left out. */
export function troublesIn(search: string): TroubleName[] {
  const asked = (new URLSearchParams(search).get('trouble') ?? '').split(',');
  return troubles.filter(({ name }) => asked.includes(name)).map(({ name }) => name);
}

export const isTrouble = (name: unknown): name is TroubleName =>
  troubles.some(trouble => trouble.name === name);
