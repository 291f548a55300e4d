/** A part in a process of its own. It says how to reach it and then runs until it is killed. */
import { type ChildProcess, fork } from 'node:child_process';

export interface Part {
  process: ChildProcess;
  /** What it told when it was up. */
  told: Record<string, string>;
}

/** @param name of the file `<name>-part.ts` beside this one. */
export function startPart(name: 'relay' | 'platform', options: unknown): Promise<Part> {
  const child = fork(new URL(`./${name}-part.ts`, import.meta.url), { execArgv: ['--import', 'tsx'] });
  child.send(options as object);
  return new Promise((resolve, reject) => {
    child.once('message', told => resolve({ process: child, told: told as Record<string, string> }));
    child.once('exit', code => reject(new Error(`${name} ended with ${code}`)));
  });
}
