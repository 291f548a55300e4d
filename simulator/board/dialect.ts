/**
 * ECMAScript's built-ins that Espruino 2v29 has: asked of the interpreter itself, name by name, and of the names in the
 * sources of that release (a later interpreter has a few more: {@link utcDates}). All others are removed from the program's world, so that a program that needs them fails here as on the chip.
 *
 * Kept besides, because V8 would break without them: the flags of regular expressions, symbols, and
 * `Error.stackTraceLimit`. Syntax that Espruino lacks cannot be removed: a test that parses the bundle does that.
 */

function names(text: string): Set<string> {
  return new Set(text.split(' '));
}

const typedArrays =
  'Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array Uint8ClampedArray';

/** What every function, every prototype and every kind of error has; others keep nothing without a list of their own. */
export const ofAnyFunction = names('length name prototype constructor message');

/** Owner of the built-ins → the names it keeps. */
export const dialect: Record<string, Set<string>> = {
  'Object.prototype': names('constructor hasOwnProperty toString valueOf __proto__'),
  Object: names(
    'length name prototype assign getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames create ' +
      'defineProperties defineProperty getPrototypeOf setPrototypeOf keys entries fromEntries values',
  ),
  'Function.prototype': names('length name constructor apply bind call toString'),
  'Array.prototype': names(
    'length constructor concat fill find findIndex pop push reverse shift unshift slice sort splice includes ' +
      'indexOf join forEach filter map every some reduce toString',
  ),
  Array: names('length name prototype isArray'),
  'String.prototype': names(
    'length constructor charAt charCodeAt concat endsWith includes indexOf lastIndexOf match padEnd padStart repeat ' +
      'replace replaceAll slice split substr substring startsWith toString trim toLowerCase toUpperCase valueOf',
  ),
  String: names('length name prototype fromCharCode'),
  'Number.prototype': names('constructor toFixed toString valueOf'),
  Number: names('length name prototype MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY'),
  'Date.prototype': names(
    'constructor toString toISOString toUTCString getDate setDate getDay getFullYear setFullYear getHours setHours ' +
      'getMilliseconds setMilliseconds getMinutes setMinutes getMonth setMonth getSeconds setSeconds getTime setTime ' +
      'getTimezoneOffset valueOf toJSON',
  ),
  Date: names('length name prototype now parse'),
  'Boolean.prototype': names('constructor toString valueOf'),
  'RegExp.prototype': names(
    'constructor exec test toString source flags dotAll global hasIndices ignoreCase multiline sticky unicode unicodeSets',
  ),
  JSON: names('parse stringify'),
  Math: names(
    'abs acos asin atan atan2 ceil cos exp floor log max min pow random round sign sin sqrt tan ' +
      'E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2',
  ),
  'Promise.prototype': names('constructor then catch'),
  Promise: names('length name prototype all resolve reject'),
  'Error.prototype': names('constructor message name toString'),
  Error: names('length name prototype stackTraceLimit'),
  'ArrayBuffer.prototype': names('constructor byteLength'),
  ArrayBuffer: names('length name prototype'),
  'DataView.prototype': names(
    'constructor buffer byteLength byteOffset getInt8 setInt8 getUint8 setUint8 getInt16 setInt16 getUint16 ' +
      'setUint16 getInt32 setInt32 getUint32 setUint32 getFloat32 setFloat32 getFloat64 setFloat64',
  ),
  'Object.getPrototypeOf(Uint8Array.prototype)': names(
    'constructor buffer byteLength byteOffset length every fill filter find findIndex forEach includes indexOf join ' +
      'map reverse reduce set slice some sort subarray toString',
  ),
  'Object.getPrototypeOf(Uint8Array)': names('length name prototype'),
  // Of all iterators. The program gets at it with a generator, in a JavaScript that has those.
  'Object.getPrototypeOf(Object.getPrototypeOf([].values()))': new Set(),
  globalThis: names(
    'Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Date Promise RegExp Error ' +
      'ReferenceError SyntaxError TypeError globalThis JSON Math ArrayBuffer DataView decodeURIComponent ' +
      `encodeURIComponent eval isFinite isNaN ${typedArrays}`,
  ),
};

/** Came to `Date.prototype` after 2v29. */
export const utcDates = names(
  'getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds',
);

/**
 * Globals that the chip has and this board has not: using one says so by name. (A name that neither has is
 * a ReferenceError, here and there.)
 */
export const unsimulatedGlobals =
  'AES ArrayBufferView File HIGH I2C I2C2 InternalError LOW Modules OneWire Pin SPI SPI1 SPI2 Serial Serial1 ' +
  'Serial2 Serial3 Server Socket StorageFile Telnet USB Uint24Array Waveform analogWrite changeInterval ' +
  'clearInterval clearWatch console digitalPulse dump echo edit getPinMode getSerial global load neopixel NRF ' +
  'peek16 peek8 poke16 poke8 reset save setBusyIndicator setInterval setSleepIndicator ' +
  'setTime shiftOut trace url';
