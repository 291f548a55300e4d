/** What Linux says about processes. */
import { readFileSync } from 'node:fs';

/** Linux' USER_HZ is 100 on every architecture that Node runs on: milliseconds per tick. */
const tickMs = 10;

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** Processor time that a process has used so far, its own and the kernel's for it (ms, in steps of 10). */
export function processorMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold blanks: proc(5) fields 3 and on; 14 and 15 are utime and stime.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** How many files a process started by us may open: Node raises its own limit to this when it starts. */
export function maxOpenFiles(): number {
  const found = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(
    readFileSync('/proc/self/limits', 'utf8'),
  )?.[1];
  return found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found);
}
