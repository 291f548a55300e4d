/**
 * `require("Wifi")` as the ESP32 build of 2v29 has it (libs/network/esp32/jswrap_esp32_network.c): joining one of the
 * networks in reach, or failing to. Simulated, and as unkind as the sources:
 *
 * - every boot ends in an open access point of its own, unless `stopAP` was called in the program's first run; `connect`
 *   makes it access point and station;
 * - `connect` tries once; its callback tells a success and never a failure; the event `disconnected` tells why;
 * - the second time that an address is got in one boot, the chip's event task hangs: from then on nothing is told, though
 *   the station is joined. Nor is anything else done that hangs on events: the address stays as it is, whatever is joined
 *   or left afterwards (ESP-IDF 3, event_loop.c: its own part of an event runs in the same task);
 * - the radio stays started until deep sleep;
 * - names are cut at 31 bytes, keys at 63 characters.
 */
import { onAir } from './binary.ts';
import type { Boot } from './boot.ts';
import type { Network } from './options.ts';
import { type Callback, chipFunction, chipString, surface } from './surface.ts';
import type { WifiState } from './trace.ts';
import {
  defaultRssi,
  givenAddress,
  laterTries,
  maxKeyLength,
  maxNameBytes,
  noAddress,
  reasons,
  scanShare,
  type WifiReason,
  type WifiWorld,
} from './wifi-world.ts';

/** The radio of one boot. */
export class Radio {
  /** Its open access point can be seen and joined by everybody. */
  hasAccessPoint = false;
  /** Called when the network is lost or left: sockets die with it. */
  readonly onLeave = new Set<() => void>();
  readonly #boot: Boot;
  readonly #world: WifiWorld;
  readonly #listeners = new Map<string, Callback[]>();
  #cancelJoin: (() => void) | undefined;
  #scanning = false;
  #on = false;
  #stopped = false;
  /** On the air. */
  #associated: Network | undefined;
  /** The network that has given the address. */
  #home: Network | undefined;
  /** What the trace says of a radio that has nothing to do. */
  #resting: WifiState | undefined;
  #addresses = 0;
  /** The task that tells events hangs in mDNS. */
  #hangs = false;
  /** What that task has noted: a network, or why there is none. */
  #noted: Network | string = 'Unknown reason';

  constructor(boot: Boot, world: WifiWorld) {
    this.#boot = boot;
    this.#world = world;
    boot.onDeath(() => {
      this.#cutOff();
      if (this.#on) boot.trace({ what: 'wifi', state: 'off' });
    });
  }

  /** The network that can be reached: joined, and with an address of its own. */
  get joined(): Network | undefined {
    return this.#associated !== undefined && this.#home?.ssid === this.#associated.ssid
      ? this.#associated
      : undefined;
  }

  /** Packets leave, whether anybody hears them or not. */
  get hasAddress(): boolean {
    return this.#home !== undefined;
  }

  /** True while it draws current. */
  get isOn(): boolean {
    return this.#on;
  }

  /** The program's first run is over: the chip restores its Wi-Fi, which without a saved one is an access point. */
  restore(): void {
    if (!this.#world.later.noAccessPoint) this.#openAccessPoint();
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
          chipString(boot, 'Wifi.connect', ssid).slice(0, maxNameBytes),
          chipString(boot, 'Wifi.connect', password).slice(0, maxKeyLength),
          callback === undefined ? undefined : chipFunction(boot, callback),
        );
      },
      disconnect: (callback: unknown) => {
        const told = callback === undefined ? undefined : chipFunction(boot, callback);
        // The ESP32 build queues the callback at once, and once more when the link is really down.
        const again = this.#associated && !this.#hangs ? told : undefined;
        this.#leave('ASSOC_LEAVE');
        this.#rest();
        for (const call of [told, again]) {
          if (call) {
            boot.later(0, () => call());
          }
        }
      },
      stopAP: (callback: unknown) => {
        this.#stopped = true;
        this.hasAccessPoint = false;
        this.#rest();
        if (callback !== undefined) boot.later(0, chipFunction(boot, callback) as () => void);
      },
      on: (event: unknown, listener: unknown) => {
        const name = chipString(boot, 'Wifi.on', event);
        this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), chipFunction(boot, listener)]);
      },
      getIP: (callback: unknown) => {
        if (callback !== undefined) {
          boot.notSimulated('chip.Wifi.getIP with a callback');
        }
        return boot.realm.parse(JSON.stringify({ ip: this.#home ? givenAddress : noAddress }));
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
    if (typeof this.#noted === 'string') {
      return { status: this.#noted };
    }
    const { ssid, password } = this.#noted;
    return { status: 'connected', ssid, password };
  }

  #join(ssid: string, password: string, callback: Callback | undefined): void {
    this.#leave('ASSOC_LEAVE');
    // The mode that nobody has stopped is "access point", and becomes both.
    this.#openAccessPoint();
    this.#start();
    this.#boot.trace({ what: 'wifi', state: 'joining', ssid });
    this.#try(ssid, password, callback, this.#world.later.joinAnswers ? laterTries : 1);
  }

  #try(ssid: string, password: string, callback: Callback | undefined, tries: number): void {
    const failure = this.#failureOf(ssid, password);
    const { joinMs, absentMs, refusedMs } = this.#world;
    const ms = failure === undefined ? joinMs : failure === 'NO_AP_FOUND' ? absentMs : refusedMs;
    this.#cancelJoin = this.#boot.later(
      ms,
      () => {
        this.#cancelJoin = undefined;
        // Networks come and go meanwhile.
        const why = failure ?? this.#failureOf(ssid, password);
        if (why === undefined) this.#gotAddress(ssid, callback);
        else if (tries > 1) this.#try(ssid, password, callback, tries - 1);
        else {
          this.#boot.trace({ what: 'wifi', state: 'failed', ssid });
          this.#tellWhy(why, ssid);
          if (this.#world.later.joinAnswers) this.#call(callback, why);
          this.#rest();
        }
      },
      true,
    );
  }

  /** The network of that name: on the air it is bytes of UTF-8, and so it is in the chip's 8-bit string. */
  #network(ssid: string): Network | undefined {
    return this.#world.networks().find(n => onAir(n.ssid) === ssid);
  }

  #failureOf(ssid: string, password: string): WifiReason | undefined {
    const { troubles } = this.#world;
    const network = this.#network(ssid);
    if (network === undefined) return 'NO_AP_FOUND';
    if (network.password !== password) return troubles.wrongKeyReason ?? '4WAY_HANDSHAKE_TIMEOUT';
    if ((troubles.joinsRefused ?? 0) > 0) {
      troubles.joinsRefused = (troubles.joinsRefused ?? 0) - 1;
      return 'AUTH_EXPIRE';
    }
    return undefined;
  }

  #gotAddress(ssid: string, callback: Callback | undefined): void {
    this.#associated = this.#network(ssid);
    this.#boot.trace({ what: 'wifi', state: 'joined', ssid });
    // Without that task there is nobody to ask for an address.
    if (this.#hangs) return;
    this.#home = this.#associated;
    this.#noted = this.#associated ?? this.#noted;
    // At each address mDNS is started anew; from the second on that waits for itself (espressif/esp-idf#1696).
    this.#hangs = ++this.#addresses > 1 && !this.#world.troubles.mdnsIsFree;
    this.#call(callback, null);
    this.#emit('connected', { ip: givenAddress });
  }

  /** The event task notes why there is no network, and tells it. */
  #tellWhy(why: WifiReason, ssid: string): void {
    if (this.#hangs) return;
    this.#home = undefined;
    this.#noted = why;
    // The reason is a string of digits, as it is printed there.
    this.#emit('disconnected', { ssid, mac: '00:00:00:00:00:00', reason: String(reasons[why]), msg: why });
  }

  /** Queued, as all that is told. */
  #call(callback: Callback | undefined, error: string | null): void {
    if (callback && !this.#hangs) this.#boot.later(0, () => callback(error));
  }

  #emit(event: string, detail: object): void {
    if (this.#hangs) return;
    for (const listener of this.#listeners.get(event) ?? []) {
      this.#boot.later(0, () => listener(this.#boot.realm.parse(JSON.stringify(detail))));
    }
  }

  #scan(callback: Callback): void {
    if (this.#scanning) {
      this.#boot.raise('A scan is already in progress');
    }
    this.#scanning = true;
    this.#openAccessPoint();
    this.#start();
    this.#boot.trace({ what: 'wifi', state: 'scanning' });
    const look = () => {
      this.#scanning = false;
      this.#boot.trace({ what: 'wifi', state: 'scanned' });
      const seen = this.#world.networks().map(n => ({
        rssi: n.rssi ?? defaultRssi,
        authMode: n.password ? 'wpa2' : 'open',
        ssid: n.hidden ? '' : onAir(n.ssid),
      }));
      this.#rest();
      this.#boot.later(0, () => callback(this.#boot.realm.parse(JSON.stringify(seen))));
    };
    this.#boot.later(this.#world.joinMs * scanShare, look, true);
  }

  #start(): void {
    this.#on = true;
    this.#resting = undefined;
  }

  #openAccessPoint(): void {
    if (this.#stopped || this.hasAccessPoint) return;
    this.hasAccessPoint = true;
    this.#start();
    this.#boot.trace({ what: 'wifi', state: 'accessPoint' });
  }

  /** After anything has ended. Later interpreters stop a radio that has nothing to do; 2v29 does not. */
  #rest(): void {
    const isBusy = this.#associated !== undefined || this.#cancelJoin !== undefined || this.#scanning;
    if (!this.#on || isBusy || !this.#boot.alive) return;
    const stops = !this.hasAccessPoint && this.#world.later.radioStops;
    if (stops) this.#on = false;
    const state = this.hasAccessPoint ? 'accessPoint' : stops ? 'off' : 'idle';
    if (state !== this.#resting) this.#boot.trace({ what: 'wifi', state });
    this.#resting = state;
  }

  /** The network went out of reach, or the access point threw us out. */
  lose(why: WifiReason = 'BEACON_TIMEOUT'): void {
    this.#leave(why);
    this.#rest();
  }

  #leave(why: WifiReason): void {
    const left = this.#associated;
    this.#cutOff();
    if (left) this.#tellWhy(why, left.ssid);
  }

  /** Off the air. */
  #cutOff(): void {
    this.#cancelJoin?.();
    this.#cancelJoin = undefined;
    this.#associated = undefined;
    for (const tell of [...this.onLeave]) {
      tell();
    }
  }
}
