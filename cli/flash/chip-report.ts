/** What a chip says of itself, asked on its console. No secret leaves it: files are compared by their checksums. */
import { z } from 'zod';

const mark = '@dashbutton ';

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
  /** CRC-32 of the program and of device.json; null when there is none. */
  program: checksum,
  device: checksum,
  /** Whom device.json names. */
  button: z.string().nullable(),
});

export type ChipReport = z.infer<typeof reportSchema>;

/** Asks for everything in one line. Old interpreters lack some of the calls, and should still say their version. */
export const askReport = `${[
  '(function(){',
  'function ask(f,other){try{var x=f();return x===undefined?other:x;}catch(e){return other;}}',
  'function sum(name){return ask(function(){return E.CRC32(S.read(name));},null);}',
  'var S=ask(function(){return require("Storage");},{});',
  'var m=process.memory();',
  'var s=ask(function(){return S.getStats();},{});',
  `print("\\n${mark}"+JSON.stringify({`,
  'version:process.version,board:""+process.env.BOARD,modules:""+process.env.MODULES,',
  'memory:{usage:m.usage,total:m.total},',
  'room:(s.freeBytes||0)+(s.trashBytes||0),',
  'files:ask(function(){return S.list();},[]),',
  'program:S.read&&S.read(".bootcde")?sum(".bootcde"):null,',
  'device:S.read&&S.read("device.json")?sum("device.json"):null,',
  'button:ask(function(){return S.readJSON("device.json",true).button;},null)',
  '}));',
  '})();',
].join('')}\n`;

/** The last report in what the console showed; undefined when there is none. */
export function reportIn(output: string): ChipReport | undefined {
  const line = output
    .split(/[\r\n]+/)
    .filter(text => text.startsWith(mark))
    .at(-1);
  if (line === undefined) return undefined;
  try {
    return reportSchema.safeParse(JSON.parse(line.slice(mark.length))).data;
  } catch {
    return undefined;
  }
}
