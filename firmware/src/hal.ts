/**
 * The chip's globals: the one file that names them. Only what the firmware uses is declared here; the board
 * simulator implements this same declaration, and throws by name for anything else.
 *
 * Source: the Espruino reference (https://www.espruino.com/Reference) as of 2v29. Chip's dialect.
 */

/** A GPIO number. On the ESP32 the interpreter takes plain numbers for pins. */
export type Pin = number;

/** In the place of a pin that a board has not. */
export const noPin: Pin = -1;

/** A drawing surface in memory. Only calls whose result the simulator reproduces exactly. */
export interface ChipGraphics {
  /** The pixels. With `vertical_byte`, one byte is a column of eight, lowest bit on top: the SSD1306's order. */
  buffer: ArrayBuffer;
  getWidth(): number;
  getHeight(): number;
  /** All pixels to the background colour (0). */
  clear(reset?: boolean): ChipGraphics;
  /** 1 draws lit pixels, 0 dark ones. */
  setColor(colour: 0 | 1): ChipGraphics;
  /** A filled rectangle, both corners included. */
  fillRect(x1: number, y1: number, x2: number, y2: number): ChipGraphics;
  /** A bitmap, row by row, most significant bit first, no padding between rows. 1 draws, 0 is transparent or dark. */
  drawImage(
    image: { width: number; height: number; bpp: 1; transparent?: 0; buffer: string | ArrayBuffer },
    x: number,
    y: number,
  ): ChipGraphics;
  /**
   * A font of our own. `bitmap`: the glyphs one after another, column by column, most significant bit on
   * top. `widths`: one width for all, or a string with a width per glyph. `height` may hold a whole-number
   * scale in its second byte: `height | (scale << 8)`.
   */
  setFontCustom(bitmap: string, firstCharCode: number, widths: number | string, height: number): ChipGraphics;
  /** Text with its top left corner at x, y. Characters the font lacks are not drawn. */
  drawString(text: string, x: number, y: number): ChipGraphics;
  /** Width of the text in pixels. */
  stringWidth(text: string): number;
}

export interface ChipI2c {
  setup(options: { sda: Pin; scl: Pin; bitrate: number }): void;
  /** One transaction: start, address, all the bytes, stop. Throws when nobody acknowledges. */
  writeTo(address: number, data: Uint8Array | number[]): void;
}

export interface ChipWifi {
  /**
   * Tries once. In 2v29 the callback tells a success only, with null, and sometimes not even that: a failure is the
   * event `disconnected`. The name is what is on the air, a byte a character; cut at 31, keys at 63.
   */
  connect(ssid: string, options: { password?: string }, callback: (error: string | null) => void): void;
  /** No access point of its own: in the program's first run it is never opened. */
  stopAP(): void;
  /** `reason` has the digits of esp_wifi_types.h: 8 our own leaving, 201 not there, 15, 202 and 204 the key. */
  on(event: 'disconnected', listener: (why: { ssid: string; reason: string; msg: string }) => void): void;
  /** "0.0.0.0" while there is none. Also right when nobody has told that the network is joined. */
  getIP(): { ip: string };
  disconnect(callback?: () => void): void;
}

export interface ChipSocket {
  on(event: 'data', listener: (bytes: string) => void): void;
  on(event: 'close', listener: (hadError: boolean) => void): void;
  on(event: 'error', listener: (error: { code: number; message: string }) => void): void;
  /** A binary string: one character is one byte. */
  write(bytes: string): boolean;
  end(): void;
}

export interface ChipNet {
  /** The socket comes back at once; the callback when it is open (for `tls`: before the handshake ends). */
  connect(
    options: { host: string; port: number; ca?: string },
    connected: (socket: ChipSocket) => void,
  ): ChipSocket;
}

/** Flash. Survives deep sleep, reset and a flat battery. File names have at most 28 characters. */
export interface ChipStorage {
  /** The parsed file, or undefined when it is missing, or (noExceptions) is not JSON. */
  readJSON(name: string, noExceptions: true): unknown;
  write(name: string, data: string): boolean;
}

/** Wake causes (esp_sleep_wakeup_cause_t): the pin of deepSleepExt0, and the timer of deepSleep. */
export const wokenByPin = 2;
export const wokenByTimer = 4;

export interface ChipEsp32 {
  /** {@link wokenByPin}, {@link wokenByTimer}, or 0: power-on, reset or brown-out. */
  getWakeupCause(): number;
  /** Sleeps until the pin has that level. Never returns: the chip resets and the program starts from its top. */
  deepSleepExt0(pin: Pin, level: 0 | 1): void;
  /** Sleeps for so many microseconds, at most 2^31 - 1 (35 minutes). Never returns. */
  deepSleep(us: number): void;
  /** Newer than 2v29: sleeps for so many milliseconds and returns; RAM and pins stay. */
  lightSleep?: (ms: number) => void;
}

export type TimerId = number;

export interface Chip {
  /** Seconds since 1970 or since power-on, with fractions: good for differences only. */
  getTime(): number;
  setTimeout(callback: () => void, ms: number): TimerId;
  clearTimeout(id: TimerId): void;
  pinMode(pin: Pin, mode: 'input' | 'input_pullup' | 'input_pulldown' | 'output'): void;
  digitalWrite(pin: Pin, level: 0 | 1): void;
  digitalRead(pin: Pin): number;
  /** A register of the chip. */
  peek32(address: number): number;
  poke32(address: number, value: number): void;
  /** 0 to 1 of the converter's range, which begins some 142 mV above 0. */
  analogRead(pin: Pin): number;
  setWatch(
    callback: (event: { state: boolean; time: number }) => void,
    pin: Pin,
    options: { edge: 'rising' | 'falling' | 'both'; repeat: boolean; debounce: number },
  ): number;
  print(text: string): void;
  btoa(bytes: string): string;
  atob(base64: string): string;
  /** Sweeps up what nothing refers to, then tells how many variables are free (and more, which nobody needs here). */
  process: { memory(): { free: number } };
  /** `MEMORY` is among the flags when no variable was left. What was under way has been cut off by then. */
  E: { on(event: 'errorFlag', listener: (flags: string[]) => void): void };
  I2C1: ChipI2c;
  ESP32: ChipEsp32;
  Graphics: {
    createArrayBuffer(
      width: number,
      height: number,
      bitsPerPixel: 1,
      options: { vertical_byte: true; msb: false },
    ): ChipGraphics;
  };
  require(name: 'Wifi'): ChipWifi;
  /** A console for everybody in the network, without a password; on at every start. */
  require(name: 'TelnetServer'): { setOptions(options: { mode: 'off' }): void };
  require(name: 'net' | 'tls'): ChipNet;
  require(name: 'Storage'): ChipStorage;
  require(name: 'crypto'): { SHA256(data: string): ArrayBuffer };
}

/** The chip itself. Everything the firmware wants of it goes through here. */
export const chip = globalThis as unknown as Chip;
