/** What can happen to a packet, and to a connection because of it. Each fault is a column of the tables. */
import type { Line, Meddle, Passing } from './faults-peer.ts';
import type { Scene } from './faults-rig.ts';

export type Fault = (packet: Passing, line: Line, scene: Scene) => void;

/** Within every wait of the button, and beyond all of them (virtual milliseconds). */
const shortDelayMs = 2000;
const longDelayMs = 200_000;
/** More than a packet takes to the board. */
const walkOffMs = 200;

function pass({ way, bytes }: Passing, line: Line): void {
  line.send(way, bytes);
}

/** One bit of the byte at that part of the packet (0 the first, 1 the last). */
function flip(part: number, bit = 1): Fault {
  return ({ way, bytes }, line) => {
    const changed = Buffer.from(bytes);
    const at = Math.round(part * (bytes.length - 1));
    changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
    line.send(way, changed);
  };
}

export const faults = {
  /** The connection ends after the packet. */
  cut: (packet, line) => {
    pass(packet, line);
    line.cut();
  },
  /** The connection ends instead of it. */
  lost: (_, line) => line.cut(),
  /** Nothing passes any more from this packet on, but the sockets stay open. */
  silent: (_, line) => line.silence(),
  /** Only this packet is swallowed: nothing that TCP would do, but a bad relay may. */
  drop: () => {},
  /** This and all that follows in its direction comes later. */
  slow: (packet, line) => {
    line.delay(packet.way, shortDelayMs);
    pass(packet, line);
  },
  late: (packet, line) => {
    line.delay(packet.way, longDelayMs);
    pass(packet, line);
  },
  twice: (packet, line) => {
    pass(packet, line);
    pass(packet, line);
  },
  /** A bit of the packet's type, of its length, of its middle and of its last byte. */
  type: flip(0, 0x10),
  length: ({ way, bytes }, line) => {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(1) ^ 1, 1);
    line.send(way, changed);
  },
  middle: flip(0.5),
  end: flip(1),
  /** The phone walks off for a moment: the packet is the last that is delivered. */
  radio: (packet, line, { board, clock }) => {
    pass(packet, line);
    line.silence();
    clock.later(walkOffMs, () => board.loseWifi());
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** Which packet is meant: the first of that direction and name on a connection. */
export interface Step {
  way: 'up' | 'down';
  name: string;
  /** On the first connection that has it, or on each. */
  often: 'once' | 'always';
  /** Connections before this one are left alone. */
  fromConnection?: number;
}

/** Does something to one packet, and forwards all the others. */
export function meddleAt(step: Step, fault: FaultName): (scene: Scene) => Meddle {
  const { way, name, often, fromConnection = 1 } = step;
  return scene => {
    const done = new Set<number>();
    return (packet, line) => {
      const isMeant = packet.way === way && packet.name === name && line.number >= fromConnection;
      if (!isMeant || done.has(line.number) || (often === 'once' && done.size > 0)) {
        return line.send(packet.way, packet.bytes);
      }
      done.add(line.number);
      faults[fault](packet, line, scene);
    };
  };
}

/** One row of a table: what comes of each fault at this packet, on the display. */
export interface Row {
  way: 'up' | 'down';
  packet: string;
  fault: FaultName;
  end: string;
}

/** Reads a table: faults across, packets down. Each row has a title for its test. */
export function rowsOf(often: string, table: string): [title: string, row: Row][] {
  const [head = '', ...lines] = table.trim().split('\n');
  const columns = head.trim().split(/\s+/);
  return lines.flatMap(line => {
    const [way, packet = '', ...ends] = line.trim().split(/\s+/);
    if ((way !== 'up' && way !== 'down') || ends.length !== columns.length) {
      throw new Error(`Not a row of ${columns.length} faults: ${line}`);
    }
    return columns.map((fault, index) => {
      if (!isFault(fault)) throw new Error(`Not a fault: ${fault}`);
      const end = ends[index] ?? '';
      return [`${often}: ${way} ${packet} ${fault}: ${end}`, { way, packet, fault, end }];
    });
  });
}

function isFault(name: string): name is FaultName {
  return Object.hasOwn(faults, name);
}
