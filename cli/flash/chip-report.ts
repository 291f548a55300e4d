/** What a chip says of itself. No secret leaves it: files are compared by their checksums. */
import { z } from 'zod';

const checksum = z.number().nullable();

const reportSchema = z.object({
  version: z.string(),
  board: z.string(),
  modules: z.string(),
  /** In the interpreter's variables. */
  memory: z.object({ usage: z.number(), total: z.number() }),
  /** Bytes of Storage that are free or can be made so. */
  room: z.number(),
  files: z.array(z.string()),
  /** CRC-32 of the program, of what runs before it, and of device.json; null when there is none. */
  program: checksum,
  boot0: checksum,
  device: checksum,
  /** Whom device.json names. */
  button: z.string().nullable(),
  /** Whether Bluetooth is on, with its console; null when this interpreter has none. */
  bluetooth: z.boolean().nullable(),
});

export type ChipReport = z.infer<typeof reportSchema>;

/** A function of the chip that answers everything at once. Old interpreters lack some of the calls, and should still say their version. */
export const askReport = [
  'function(){',
  'function a(f,o){try{var x=f();return x===undefined?o:x}catch(e){return o}}',
  'var S=a(function(){return require("Storage")},{}),',
  'm=process.memory(),',
  't=a(function(){return S.getStats()},{});',
  'function c(n){return a(function(){var d=S.read(n);return d?E.CRC32(d):null},null)}',
  'return{version:process.version,board:""+process.env.BOARD,modules:""+process.env.MODULES,',
  'memory:{usage:m.usage,total:m.total},',
  'room:(t.freeBytes||0)+(t.trashBytes||0),',
  'files:a(function(){return S.list()},[]),',
  'program:c(".bootcde"),boot0:c(".boot0"),device:c("device.json"),',
  'button:a(function(){return S.readJSON("device.json",true).button},null),',
  // The setting is there in every build of the ESP32; only one with Bluetooth can change it.
  'bluetooth:a(function(){return ESP32.enableBLE?!!ESP32.getState().BLE:null},null)}',
  '}',
].join('');

/** A report out of an answer; undefined when it is none. */
export function reportFrom(answer: unknown): ChipReport | undefined {
  return reportSchema.safeParse(answer).data;
}
