/** The lines that prelude.js prints, as values. */

export type ChipEvent =
  /** One I²C transaction, address apart. */
  | { what: 'i2c'; address: number; bytes: Uint8Array }
  | { what: 'i2cSetup'; options: unknown }
  /** The program drives a pin. */
  | { what: 'pin'; pin: number; level: number }
  | { what: 'mode'; pin: number; mode: string }
  | { what: 'wifi'; state: string }
  | { what: 'connect'; module: string; host: string; port: number }
  /** The variables that the interpreter itself took for a socket. */
  | { what: 'socket'; variables: number }
  /** A file to flash. */
  | { what: 'write'; name: string }
  /** Variables in use, after a garbage collection. */
  | { what: 'memory'; usage: number }
  /** Deep sleep: `pin 0 0` (which pin, which level wakes it) or `timer` and microseconds. */
  | { what: 'sleep'; how: string }
  /** Anything else on the console: the program's own lines, and the interpreter's complaints. */
  | { what: 'line'; text: string };

/** What E.reboot says on Linux. */
const rebootNoise = 'Not implemented';

/** One console line as an event; undefined for a line that says nothing. */
export function eventOf(raw: string): ChipEvent | undefined {
  // The interpreter's console moves the cursor about and, until it is silenced, shows a prompt.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one
  const text = raw.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '').replace(/\r/g, '');
  if (text === '' || text === '>' || text === rebootNoise) {
    return undefined;
  }
  const [word = '', first = '', second = '', third = ''] = text.split(' ');
  switch (word) {
    case '@i2c':
      return { what: 'i2c', address: Number(first), bytes: new Uint8Array(Buffer.from(second, 'base64')) };
    case '@i2cSetup':
      return { what: 'i2cSetup', options: JSON.parse(text.slice(word.length)) };
    case '@pin':
      return { what: 'pin', pin: Number(first), level: Number(second) };
    case '@mode':
      return { what: 'mode', pin: Number(first), mode: second };
    case '@wifi':
      return { what: 'wifi', state: text.slice(word.length + 1) };
    case '@connect':
      return { what: 'connect', module: first, host: second, port: Number(third) };
    case '@socket':
      return { what: 'socket', variables: Number(first) };
    case '@write':
      return { what: 'write', name: first };
    case '@memory':
      return { what: 'memory', usage: Number(first) };
    case '@sleep':
      return { what: 'sleep', how: text.slice(word.length + 1) };
    default:
      return { what: 'line', text };
  }
}
