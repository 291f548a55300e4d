/** `dashbutton relay auth`: the users file answers the logins of a broker that others keep. */
import { Command } from 'commander';
import { listenAddress, listenAt } from '../../config/src/listen-address.ts';
import { makeLog } from '../../config/src/log.ts';
import { readSecret } from '../../config/src/secret-file.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import type { EngineApi } from '../../relay/src/login-service/engine.ts';
import { endOnMistake, heedSignals } from '../service.ts';

interface Options {
  users?: string;
  listen: string;
  rmqtt?: string[];
  emqx?: string;
  secret?: string;
}

const mistakeAdvice = 'start it again (systemd does); until then nobody new is let in';

export function authCommand(): Command {
  return new Command('auth')
    .description('answer the logins of RMQTT or EMQX 5 over HTTP, from the users file')
    .option('--users <file>', "the relay's users file (default: users.yaml)")
    .option('--listen <host:port>', 'where the broker asks', '127.0.0.1:9466')
    .option('--rmqtt <urls...>', "RMQTT's HTTP interface, of each node, to throw out who is revoked")
    .option('--emqx <url>', "EMQX's HTTP interface, to throw out who is revoked")
    .option('--secret <file>', "RMQTT's bearer token, or EMQX's <API key>:<secret key>, on one line")
    .addHelpText(
      'after',
      `
Examples:
  dashbutton relay auth --users users.yaml --rmqtt http://127.0.0.1:6060 --secret rmqtt.token
  dashbutton relay auth --users users.yaml --emqx http://127.0.0.1:18083 --secret emqx.key
  dashbutton relay export rmqtt --out rmqtt        the broker's own configuration for it

The broker sends client id, name and password of each login to /login, and gets allow or deny with what this user may
do. The users file is taken over within a second of a change: who is new may come, and who is revoked is refused and,
when the broker's interface is named, thrown out. Run one beside each node, or one for all of them behind TLS: an RMQTT
node ends its own connections only, so name each node then.`,
    )
    .action(async (_options: unknown, command: Command) => {
      // `dashbutton relay` has --users too, and takes it wherever it stands.
      const { users = 'users.yaml', listen, ...rest } = command.optsWithGlobals<Options>();
      if (!listenAddress.safeParse(listen).success)
        throw new SetupError(`--listen ${listen}: expected host:port, like 127.0.0.1:9466`);
      const log = makeLog('relay-auth');
      endOnMistake(log, mistakeAdvice);
      const signals = heedSignals(log);
      const { startLoginService } = await import('../../relay/src/login-service/service.ts');
      const engines = enginesOf(rest);
      const service = await startLoginService({
        ...listenAt(listen),
        ...{ users, log, engines },
      });
      await signals.untilStopped(
        () => service.stop(),
        () => service.reload(),
      );
    });
}

function enginesOf({ rmqtt, emqx, secret }: Pick<Options, 'rmqtt' | 'emqx' | 'secret'>): EngineApi[] {
  if (rmqtt !== undefined && emqx !== undefined) throw new SetupError('give --rmqtt or --emqx, not both');
  const urls = rmqtt ?? (emqx === undefined ? [] : [emqx]);
  const wrong = urls.find(url => !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol));
  if (wrong !== undefined) throw new SetupError(`${wrong}: expected a URL like http://127.0.0.1:6060`);
  if (urls.length === 0) return [];
  const key = secret === undefined ? {} : { secret: readSecret(secret, 'the secret file') };
  return urls.map(url => ({ kind: rmqtt === undefined ? 'emqx' : 'rmqtt', url, ...key }));
}
