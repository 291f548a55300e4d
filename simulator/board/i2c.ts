/** `I2C1`: the bus with the display on it. */
import { isUint8Array } from './binary.ts';
import type { Boot } from './boot.ts';
import { surface } from './surface.ts';

export interface I2cWiring {
  sda: number;
  scl: number;
  address: number;
  /** A transaction reaches the device. False: not acknowledged. */
  write: (bytes: Uint8Array) => boolean;
  /** True: a transaction takes its time on the wire. */
  takesTime: boolean;
  /** Called after a transaction that was acknowledged. */
  written: () => void;
}

/** Eight bits and the acknowledgement. The address is one more byte. */
const clocksPerByte = 9;

/** Espruino's default when `setup` names no bitrate, in bits per second. */
const defaultBitrate = 100_000;

/**
 * What the ESP32 build throws (targets/esp32/jshardwareI2c.c): ESP_FAIL when nobody acknowledges, and
 * ESP_ERR_INVALID_STATE (0x103) through its "unknown" branch when the driver is not installed.
 */
const noAcknowledge = "jshI2CWrite: slave doesn't ACK the transfer";
const notSetUp = 'jshI2CWrite:, unknown error code 259';

export function makeI2c(boot: Boot, wiring: I2cWiring): object {
  let bus: { sda: number; scl: number; bitrate: number } | undefined;
  return surface(boot, 'chip.I2C1', {
    setup(options: unknown) {
      const o = (options ?? {}) as Record<string, unknown>;
      if (!Number.isInteger(o.sda) || !Number.isInteger(o.scl)) {
        boot.notSimulated('chip.I2C1.setup without sda and scl');
      }
      bus = { sda: o.sda as number, scl: o.scl as number, bitrate: Number(o.bitrate ?? defaultBitrate) };
    },
    writeTo(address: unknown, ...data: unknown[]) {
      if (!bus) {
        return boot.raise(notSetUp);
      }
      const bytes = data.length === 1 ? bytesOf(data[0]) : undefined;
      if (typeof address !== 'number' || !bytes) {
        return boot.notSimulated('chip.I2C1.writeTo with anything but a number and one array of bytes');
      }
      const reaches = bus.sda === wiring.sda && bus.scl === wiring.scl && (address & 0x7f) === wiring.address;
      const acked = reaches && wiring.write(bytes);
      if (wiring.takesTime) {
        boot.clock.spend(((1 + bytes.length) * clocksPerByte * 1000) / bus.bitrate);
      }
      boot.trace({ what: 'i2c', address, bytes: bytes.length, acked, bitrate: bus.bitrate });
      if (!acked) {
        boot.raise(noAcknowledge);
      }
      wiring.written();
    },
  });
}

/** Numbers are cut to their low eight bits, as the interpreter does. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (isUint8Array(data)) {
    return Uint8Array.from(data);
  }
  const numbers = Array.isArray(data) && data.every(n => typeof n === 'number');
  return numbers ? Uint8Array.from(data as number[]) : undefined;
}
