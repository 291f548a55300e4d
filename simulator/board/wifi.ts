/** `require("Wifi")`: joining one of the networks in reach, or failing to. Simulated. */
import type { Boot } from './boot.ts';
import type { Network, Troubles } from './options.ts';
import { type Callback, chipFunction, chipString, surface } from './surface.ts';

export interface WifiWorld {
  /** What is in reach; may change while the board runs. */
  networks: () => Network[];
  joinMs: number;
  joinFailMs: number;
  detailsHaveRssi: boolean;
  troubles: Troubles;
}

const defaultRssi = -60;

/** Part of a join that a look around takes (all channels, about 2 of 3 seconds on real chips). Simulated. */
const scanShare = 0.5;

/** The radio of one boot. */
export class Radio {
  /** The network that is joined. */
  joined: Network | undefined;
  /** Called when the network is lost or left: sockets die with it. */
  readonly onLeave = new Set<() => void>();
  readonly #boot: Boot;
  readonly #world: WifiWorld;
  #cancelJoin: (() => void) | undefined;
  #scanning = false;
  #on = false;
  /** Why there is no network, in the words of the ESP32 build (`wifiReasonToString`). */
  #reason = 'Unknown reason';

  constructor(boot: Boot, world: WifiWorld) {
    this.#boot = boot;
    this.#world = world;
    boot.onDeath(() => this.#leave());
  }

  /** True while it draws current. */
  get isOn(): boolean {
    return this.#on;
  }

  /** The object that the program gets. */
  surface(): object {
    const boot = this.#boot;
    return surface(boot, 'chip.Wifi', {
      connect: (ssid: unknown, options: unknown, callback: unknown) => {
        if (typeof ssid !== 'string') {
          boot.raise('No SSID provided');
        }
        const password = (options as { password?: unknown } | null | undefined)?.password ?? '';
        this.#join(
          chipString(boot, 'Wifi.connect', ssid),
          chipString(boot, 'Wifi.connect', password),
          callback === undefined ? undefined : chipFunction(boot, callback),
        );
      },
      disconnect: (callback: unknown) => {
        const told = callback === undefined ? undefined : chipFunction(boot, callback);
        // The ESP32 build queues the callback at once, and once more when the link is really down.
        const again = this.joined ? told : undefined;
        this.#leave();
        this.#reason = 'ASSOC_LEAVE';
        for (const call of [told, again]) {
          if (call) {
            boot.later(0, () => call());
          }
        }
      },
      getDetails: (callback: unknown) => {
        if (callback !== undefined) {
          boot.notSimulated('chip.Wifi.getDetails with a callback');
        }
        return boot.realm.parse(JSON.stringify(this.#details()));
      },
      scan: (callback: unknown) => this.#scan(chipFunction(boot, callback)),
    });
  }

  #details(): object {
    if (!this.joined) {
      return { status: this.#reason };
    }
    const { ssid, password, rssi = defaultRssi } = this.joined;
    return { status: 'connected', ssid, password, ...(this.#world.detailsHaveRssi ? { rssi } : {}) };
  }

  #join(ssid: string, password: string, callback: Callback | undefined): void {
    this.#leave(true);
    this.#on = true;
    this.#boot.trace({ what: 'wifi', state: 'joining', ssid });
    const { joinMs, joinFailMs } = this.#world;
    const found = () => this.#world.networks().find(n => n.ssid === ssid);
    const works = found()?.password === password;
    this.#cancelJoin = this.#boot.later(works ? joinMs : joinFailMs, () => {
      this.#cancelJoin = undefined;
      const network = found();
      if (network?.password === password) {
        this.joined = network;
        this.#boot.trace({ what: 'wifi', state: 'joined', ssid });
        callback?.(null);
        return;
      }
      this.#reason = network ? '4WAY_HANDSHAKE_TIMEOUT' : 'NO_AP_FOUND';
      this.#boot.trace({ what: 'wifi', state: 'failed', ssid });
      if (!this.#world.troubles.joinNeverAnswers) {
        callback?.(this.#reason);
      }
      this.#stopIfIdle();
    });
  }

  #scan(callback: Callback): void {
    if (this.#scanning) {
      this.#boot.raise('A scan is already in progress');
    }
    this.#scanning = true;
    this.#on = true;
    this.#boot.trace({ what: 'wifi', state: 'scanning' });
    this.#boot.later(this.#world.joinMs * scanShare, () => {
      this.#scanning = false;
      this.#boot.trace({ what: 'wifi', state: 'scanned' });
      const seen = this.#world.networks().map(n => ({
        rssi: n.rssi ?? defaultRssi,
        authMode: n.password ? 'wpa2' : 'open',
        ssid: n.hidden ? '' : n.ssid,
      }));
      this.#stopIfIdle();
      callback(this.#boot.realm.parse(JSON.stringify(seen)));
    });
  }

  /** The radio stops by itself when it has neither a network nor anything to do. */
  #stopIfIdle(): void {
    if (this.#on && !this.joined && !this.#cancelJoin && !this.#scanning) {
      this.#on = false;
      this.#boot.trace({ what: 'wifi', state: 'off' });
    }
  }

  /** The network went out of reach, or the access point threw us out. */
  lose(reason = 'BEACON_TIMEOUT'): void {
    if (this.joined) {
      this.#leave();
      this.#reason = reason;
    }
  }

  #leave(staysOn = false): void {
    this.#cancelJoin?.();
    this.#cancelJoin = undefined;
    const left = this.joined;
    this.joined = undefined;
    if (left) {
      for (const tell of [...this.onLeave]) {
        tell();
      }
    }
    if (!staysOn) {
      this.#scanning &&= this.#boot.alive;
      this.#stopIfIdle();
    }
  }
}
