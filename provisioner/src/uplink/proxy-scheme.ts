/** A proxy whose URL has the wrong scheme: what does it speak? Asked only when it does not answer as it should. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ProxyAddress } from './addresses.ts';
import type { Fault } from './hop-error.ts';

type Type = ProxyAddress['type'];

/** Whoever speaks it answers at once; we have waited for the right answer already (milliseconds). */
const askLimitMs = 2_000;

/** A failure that a wrong scheme can be the reason of. */
const suspicious: readonly Fault[] = ['protocol', 'closed', 'silent', 'no tls', 'tls'];

/**
 * What to change when the proxy speaks something else than its URL says; undefined when that is not the reason. Makes
 * two connections of its own, on which no login is said. Never rejects.
 */
export async function schemeAdvice(
  proxy: ProxyAddress,
  fault: Fault,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!suspicious.includes(fault)) return undefined;
  const others = (['http', 'socks5', 'https'] as const).filter(type => type !== proxy.type);
  // The first that answers is it: the others may be silent for as long as they like.
  const over = new AbortController();
  const stop = () => over.abort();
  signal.addEventListener('abort', stop, { once: true });
  const asked = others.map(async type => {
    if (await speaks(type, proxy, over.signal)) return type;
    throw new Error('it does not');
  });
  const right = await Promise.any(asked).catch(() => undefined);
  signal.removeEventListener('abort', stop);
  stop();
  if (right === undefined) return undefined;
  return `it speaks ${names[right]}: make it ${right}:// in ${proxy.from ?? 'proxy'}`;
}

const names: Record<Type, string> = { http: 'HTTP', https: 'TLS', socks5: 'SOCKS5' };

function speaks(type: Type, proxy: ProxyAddress, signal: AbortSignal): Promise<boolean> {
  const { host, port } = proxy;
  switch (type) {
    case 'https': {
      const socket = connectTls({ host, port, rejectUnauthorized: false });
      return answers(socket, signal, yes => socket.once('secureConnect', () => yes(true)));
    }
    case 'http':
      return asks(
        proxy,
        'HEAD / HTTP/1.0\r\n\r\n',
        bytes => bytes.toString('latin1', 0, 5) === 'HTTP/',
        signal,
      );
    // RFC 1928 section 3: version 5, two methods, none and name with password.
    case 'socks5':
      return asks(proxy, Buffer.from([5, 2, 0, 2]), bytes => bytes[0] === 5, signal);
  }
}

function asks(
  { host, port }: ProxyAddress,
  words: string | Buffer,
  isIt: (bytes: Buffer) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const socket = connect({ host, port });
  socket.once('connect', () => socket.write(words));
  return answers(socket, signal, yes => socket.once('data', (bytes: Buffer) => yes(isIt(bytes))));
}

function answers(
  socket: Socket,
  signal: AbortSignal,
  listen: (done: (yes: boolean) => void) => void,
): Promise<boolean> {
  return new Promise(resolve => {
    const done = (yes: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', no);
      socket.destroy();
      void resolve(yes);
    };
    const no = () => done(false);
    const timer = setTimeout(no, askLimitMs);
    signal.addEventListener('abort', no, { once: true });
    socket.on('error', no).once('close', no);
    listen(done);
  });
}
