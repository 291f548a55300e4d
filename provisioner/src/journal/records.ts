/** What the journal holds, as zod sees it when it is read back. Times in milliseconds since 1970. */
import { z } from 'zod';
import { maxPressNumber, type Status } from '../../../protocol/src/messages.ts';
import { nameSchema, statusSchema } from '../../../protocol/src/node/schemas.ts';

/** Version of these records. A higher one was written by a newer program and is not touched. */
export const journalVersion = 2;

const pressNumber = z.int().min(0).max(maxPressNumber);
const timeMs = z.int().min(0);

/**
 * How far a press has come. A step is written before what it names is done, so that after a crash the worst
 * is known: `creating` means that the platform may have been asked.
 * releasing: the platform may have been asked to remove the cluster; released: it is gone. Both after `ready`, or after
 * any step before that when the build was called off (then the record has no address).
 * joined: the press is about another one's cluster: follows its build, shows it again, or gives it back.
 */
export const steps = [
  'accepted',
  'reserved',
  'creating',
  'building',
  'verifying',
  'ready',
  'releasing',
  'released',
  'failed',
  'rejected',
  'joined',
] as const;
export type Step = (typeof steps)[number];

/** Who asked for a cluster to be given back: its button, a person at the command line, or its time to live. */
export const askers = ['button', 'operator', 'time'] as const;
export type Asker = (typeof askers)[number];

/** One press and what became of it. Never holds a secret. */
export const pressRecordSchema = z.strictObject({
  button: nameSchema,
  press: pressNumber.min(1),
  profile: z.string(),
  step: z.enum(steps),
  /** Every step it has taken, oldest first, and when. The journal writes it. */
  history: z.array(z.strictObject({ step: z.enum(steps), at: timeMs })),
  /** `<button>-<press number>`; empty with `rejected` and `joined`. */
  cluster: z.string(),
  /** The platform's own id of the cluster, from the first look that showed it. Only this one is ever removed. */
  id: z.string().exactOptional(),
  /** The reserved address range as CIDR, from step `reserved` on. */
  range: z.string().exactOptional(),
  /**
   * Its range turned out to be somebody else's: how often, and which cluster has it. While `open`, what was made of ours
   * is being removed; after that it is asked for again with another range.
   */
  clash: z.strictObject({ times: z.int().min(1), with: z.string(), open: z.boolean() }).exactOptional(),
  acceptedAt: timeMs,
  /** Not ready by then means failed, if a provisioner ran all the time: see `ranMs`. */
  deadlineAt: timeMs,
  endedAt: timeMs.exactOptional(),
  /** How long its build was under way while a provisioner ran, as last written: what the deadline counts. */
  ranMs: timeMs.exactOptional(),
  /** True progress so far, never less than before. */
  percent: z.int().min(0).max(100),
  address: z.string().exactOptional(),
  /** The API's URL, from `ready` on. */
  server: z.string().exactOptional(),
  /** Why it failed or was rejected. */
  line: z.string().exactOptional(),
  /** With `ready`: given back by itself then. */
  expiresAt: timeMs.exactOptional(),
  /** When its button was first told that this is near. */
  warnedAt: timeMs.exactOptional(),
  /** How long ago that was in time in which a provisioner ran, as last written. */
  warnedForMs: timeMs.exactOptional(),
  /** With `failed`: what the platform may still have of it is being removed; its range is not free before `endedAt`. */
  cleanUp: z
    .strictObject({
      since: timeMs,
      endedAt: timeMs.exactOptional(),
      trouble: z.string().exactOptional(),
      /** A process has tried for a day: the next one, or a person, begins anew. */
      givenUp: z.literal(true).exactOptional(),
    })
    .exactOptional(),
  /**
   * Taken up by `journal recover`, which cannot know whether somebody uses its cluster: nothing of it is removed unless
   * a person, or its time to live, says so.
   */
  recovered: z.literal(true).exactOptional(),
  /** How the cluster was given back: by whom, by which press (0: none), how far, from when to when. */
  release: z
    .strictObject({
      by: z.enum(askers),
      press: pressNumber,
      percent: z.int().min(0).max(100),
      askedAt: timeMs,
      endedAt: timeMs.exactOptional(),
    })
    .exactOptional(),
  /** With `joined`: the press whose cluster it is about. */
  of: pressNumber.exactOptional(),
  /** What the button told about itself: for an operator. */
  told: z.strictObject({ batteryMv: z.int(), rssiDbm: z.int(), firmware: z.string() }),
});
export type PressRecord = z.infer<typeof pressRecordSchema>;

/** What is known of a button, beside its presses. */
export const buttonRecordSchema = z.strictObject({
  button: nameSchema,
  /** The highest press number heard, whatever became of it. All statuses answer this one. */
  lastPress: pressNumber,
  /** The press whose build is under way. */
  building: pressNumber.exactOptional(),
  /** When `journal recover` made this record: a press from just before may have been heard by the journal that is lost. */
  recoveredAt: timeMs.exactOptional(),
  status: statusSchema,
});
export type ButtonRecord = Omit<z.infer<typeof buttonRecordSchema>, 'status'> & { status: Status };

/** Steps on the way to a cluster. With `releasing`, those that a restart goes on with. */
export function isBuilding(step: Step): boolean {
  const building: readonly Step[] = ['accepted', 'reserved', 'creating', 'building', 'verifying'];
  return building.includes(step);
}

/** True while machines stand for it, or may: what a quota counts. */
export function stands({ step, cleanUp }: PressRecord): boolean {
  const left = step === 'failed' && cleanUp !== undefined && cleanUp.endedAt === undefined;
  return isBuilding(step) || step === 'ready' || step === 'releasing' || left;
}

/** A button that has never been heard. */
export function newButton(button: string): ButtonRecord {
  const status: Status = {
    press: 0,
    seq: 0,
    state: 'idle',
    cluster: '',
    phase: '',
    percent: 0,
    upTo: 0,
    leftS: 0,
    lookAgainS: 0,
  };
  return { button, lastPress: 0, status };
}
