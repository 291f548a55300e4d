/** zod schemas of the messages. The types in ../messages.ts are what the chip sees; these must agree with them. */
import { z } from 'zod';
import {
  actions,
  type Beacon,
  codes,
  maxAddressLength,
  maxClusterLength,
  maxLineLength,
  maxPhaseLength,
  maxPressNumber,
  type Press,
  type Status,
  states,
} from '../messages.ts';
import { isName, maxNameLength } from '../topics.ts';

/** Seconds since 1970 up to the last that fit the chip's signed 32 bits (2038). */
const time = z.int().min(0).max(maxPressNumber);

/** Printable ASCII: all that the display's font has. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\x20-\x7e]*$/, 'only printable ASCII');

/** Name of a button or site. */
export const nameSchema = z
  .string()
  .refine(isName, `expected 1 to ${maxNameLength} lower-case letters, digits and inner hyphens ("house-01")`);

/** At most ten minutes: a button that needs longer has given up long before. */
const durationMs = z.int().min(0).max(600_000);

export const pressSchema: z.ZodType<Press> = z.strictObject({
  press: z.int().min(1).max(maxPressNumber),
  action: z.enum(actions),
  time,
  batteryMv: z.int().min(0).max(20_000),
  rssiDbm: z.int().min(-200).max(0),
  firmware: text(24),
  bootMs: durationMs,
  wifiMs: durationMs,
  relayMs: durationMs,
});

export const statusSchema: z.ZodType<Status> = z.strictObject({
  press: z.int().min(0).max(maxPressNumber),
  seq: z.int().min(0).max(maxPressNumber),
  state: z.enum(states),
  cluster: text(maxClusterLength),
  phase: text(maxPhaseLength),
  percent: z.int().min(0).max(100),
  upTo: z.int().min(0).max(100),
  leftS: z.int().min(0).max(604_800),
  lookAgainS: z.int().min(0).max(604_800),
  address: text(maxAddressLength).exactOptional(),
  qr: text(400).exactOptional(),
  code: z.enum(codes).exactOptional(),
  line: text(maxLineLength).exactOptional(),
});

export const beaconSchema: z.ZodType<Beacon> = z.strictObject({
  state: z.enum(['online', 'offline']),
  time,
  by: text(24).exactOptional(),
});
