/** What a button must remember through a deep sleep and a flat battery. Chip's dialect. */
import { maxPressNumber } from '../../protocol/src/messages.ts';
import { chip } from './hal.ts';

const memoryFile = 'memory.json';

export interface Memory {
  /** The last press number used; 0 before the first press. */
  press: number;
  /** True until the provisioner has answered that press: the next press then repeats its number. */
  pending: boolean;
}

/**
 * Reads the memory; a missing or broken file counts as never pressed. That is safe: before it presses, the
 * button takes the larger of this number and the one in its last status.
 */
export function readMemory(): Memory {
  const file = chip.require('Storage').readJSON(memoryFile, true) as Partial<Memory> | undefined;
  const press = typeof file === 'object' ? file.press : 0;
  if (typeof press !== 'number' || !(press >= 0 && press < maxPressNumber)) {
    return { press: 0, pending: false };
  }
  return { press, pending: file?.pending === true };
}

/** Writes it to flash. False when the flash is full: then no press may be sent. */
export function writeMemory(memory: Memory): boolean {
  return chip.require('Storage').write(memoryFile, JSON.stringify(memory));
}
