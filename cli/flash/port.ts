/** Looks at a port before anything is sent: what is wrong with it is said in one sentence. */
import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import { SetupError } from '../../config/src/setup-error.ts';

/** Serial ports of USB boards, as Linux and macOS call them. */
const usbSerial = /^(ttyUSB|ttyACM|cu\.usb|cu\.SLAB|cu\.wch)/;

/**
 * The port by the name the uploader knows it by.
 * @throws SetupError when this cannot be the port of a board.
 */
export function findPort(port: string): string {
  if (port.startsWith('tcp:')) {
    checkAddress(port);
    return port;
  }
  const there = statSync(port, { throwIfNoEntry: false });
  if (there === undefined) throw new SetupError(`there is no port ${port}: ${otherPorts()}`);
  if (!there.isCharacterDevice()) throw new SetupError(`${port} is not a serial port`);
  try {
    accessSync(port, constants.R_OK | constants.W_OK);
  } catch {
    throw new SetupError(
      `this user may not use ${port}: join the group that owns it, usually dialout (sudo usermod -aG dialout "$USER"), and log in again`,
    );
  }
  // The uploader knows no links, and these are nothing else.
  return port.startsWith('/dev/serial/') ? realpathSync(port) : port;
}

function checkAddress(port: string): void {
  // The uploader takes no other form: no brackets, no path.
  const number = Number(/^tcp:\/\/[\w.-]+:(\d+)$/.exec(port)?.[1]);
  if (!(number >= 1 && number <= 65_535)) throw new SetupError(`--port ${port}: expected tcp://host:port`);
}

function otherPorts(): string {
  const known = readdirSync('/dev').filter(name => usbSerial.test(name));
  if (known.length > 0) return `there is ${known.map(name => `/dev/${name}`).join(', ')}`;
  return 'no board is plugged in, its cable carries no data, or its USB driver is missing';
}
