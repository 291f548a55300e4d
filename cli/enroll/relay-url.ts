/** The relay's address as the button needs it. */
import { SetupError } from '../../config/src/setup-error.ts';

export interface RelayHost {
  host: string;
  port: number;
  tls: boolean;
}

/** Reads `mqtt://host:port` or `mqtts://host:port`. Throws a SetupError; a password in it is not repeated. */
export function parseRelayUrl(text: string): RelayHost {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new SetupError(
      '--relay holds a login: give only mqtt://host:port, the button gets a password of its own',
    );
  }
  const scheme = url?.protocol;
  const bare = url !== undefined && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '';
  if (url === undefined || !bare || url.hostname === '' || (scheme !== 'mqtt:' && scheme !== 'mqtts:')) {
    throw new SetupError(`--relay ${text}: expected mqtt://host:1883 or mqtts://host:8883`);
  }
  if (url.hostname.startsWith('[')) throw new SetupError(`--relay ${text}: the chip speaks IPv4 only`);
  const tls = scheme === 'mqtts:';
  return { host: url.hostname, port: url.port === '' ? (tls ? 8883 : 1883) : Number(url.port), tls };
}
