/**
 * `.boot0`: what the interpreter runs before the program, at every start, after reset(), and when the program throws.
 * Every start would otherwise end in an open access point with a console on port 23 that has no password. The program
 * shuts both as well (firmware/src/main.ts): either is enough.
 */

/** Each by itself: an interpreter may lack one of the two, and shutting the other must not depend on it. */
export const boot0 = [
  'try{require("Wifi").stopAP();}catch(e){}',
  'try{require("TelnetServer").setOptions({mode:"off"});}catch(e){}',
  '',
].join('\n');
