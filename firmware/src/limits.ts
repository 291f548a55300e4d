/** Every wait of the firmware, with its reason, and the room it needs. Nothing in the button waits without one of these. Chip's dialect. */

/** Awake at the very most, from the last press: the end of every path, set before anything else. */
export const awakeLimitMs = 15 * 60 * 1000;

/** Joining a hotspot takes 1 to 6 s, some access points 15 s. */
export const joinLimitMs = 16000;

/** While a network is being joined, whether there is an address already is asked so often. */
export const joinPollMs = 500;

/** A network that is there and refuses is asked again within this part of its time: access points forget slowly (seconds). */
export const joinAgainS = 9;

/** For the last bytes of a socket, and then for the frame that says that we leave: a round of the idle loop each, and air time. */
export const leaveMs = 100;

/**
 * DNS, TCP (and TLS: seconds of computing on the chip), CONNACK and SUBACK. The chip's own limit on a dead address is
 * about 18 s (calculated; 9.3 s were seen), in which nothing of ours runs: it ends before this does.
 */
export const dialLimitMs = 20000;

/** A refused subscription is asked for once more after this. */
export const subscribeAgainMs = 1000;

/** The retained beacon and status come with the SUBACK; a relay that was just restarted has neither yet. */
export const readLimitMs = 3000;

/** The provisioner answers within its journal's sync; a phone's radio may be asleep for a second. */
export const answerLimitMs = 4000;

/** So often is a press sent over one connection before the lab counts as silent. */
export const pressTries = 4;

/** While connected and following, the lab says something at least this often, or the connection is worth nothing. */
export const followLimitMs = 120000;

/** Polls that are due within this are not worth leaving and joining the network for (seconds). */
export const stayOnlineS = 3;

/** The deep sleep that ends the radio, before a boot without one. */
export const restMs = 50;

/** A build that its lab gives so long at most is looked at when that is over, and not in between (seconds). */
export const lastStretchS = 30;

/**
 * The bar is moved on at least this often while the radio is off, and so long a finger may have to wait (seconds). A
 * waking costs 0.02 mAh, as much as half a minute of the picture (calculated, bench:energy).
 */
export const sliceS = 25;

/** The longest nap without a picture: a finger on the button is not felt meanwhile (seconds). */
export const darkNapS = 600;

/**
 * After a press somebody watches for so long; then the display goes dark between polls (seconds). Shorter where the
 * picture does not survive a deep sleep, because idling costs fifty times as much.
 */
export const watchS = 180;
export const watchSwitchedS = 10;

/**
 * A cluster that is given back in time is looked at then, to warn of it: so many radios per cluster at most,
 * whatever the lab asks for. One costs, with its picture, about a third of a press (calculated, bench:energy).
 */
export const warningPolls = 4;

/**
 * The naps until then, in the dark. The chip takes at most 2,147 s, but a finger is felt between two naps only
 * (docs/decisions/0009), and a waking for that costs 0.02 mAh (seconds).
 */
export const warningNapS = 60;

/** How long to wait after the 1st, 2nd … connection that came to nothing; after the last one it is given up (seconds). */
export const againS = [1, 2, 4, 8, 15, 30, 60, 120, 300, 600];

/**
 * A build of which the lab has said nothing new for so long is given up (seconds): its provisioner may be dead while
 * the relay keeps the last status for ever. Time is the measure, not the number of polls: a build that is late is
 * silent between two phases however often it is polled, but a lab that lives tells its end by the profile's
 * deadline, and the longest that `dashbutton profile` writes is an hour. Three leave time to mend the lab. The display
 * names them (flow/on-message.ts).
 */
export const noNewsS = 10800;

/**
 * Until then the naps grow to this part of the silence: news is seen late by a quarter of it at most, and all polls
 * together are some 35, or 3.5 mAh (calculated), also where the last words were to look again in 4 s.
 */
export const noNewsParts = 4;

/** A press that nobody has answered yet is worth so many connections. */
export const askTries = 3;

/** A warning that was not to be had is worth waiting longer from the start: it skips so many of {@link againS}. */
export const warningSkips = 6;

/** Holding the button for so long offers to give the cluster back, and the offer stands for so long. */
export const heldMs = 5000;
export const offerMs = 10000;

/**
 * Contrast of the display, 0 to 255: what the driver begins with, and less for a bar that moves by itself and for all that
 * stands while the chip sleeps. The current is proportional (SSD1306 data sheet, 10.1.7), what an eye sees is not.
 */
export const brightLevel = 0xcf;
export const dimLevel = 0x40;

/**
 * How long the last screen stays. An address is to be copied down; an error to be read. An address is shown awake
 * first, so that a press is felt (it shows the QR code, which takes a while to scan), and then stands on the
 * display with the chip asleep; where the picture does not survive a deep sleep it is shown awake only.
 */
export const showAwakeMs = 10000;
export const showQrMs = 30000;
export const showStillS = 110;
export const showErrorMs = 30000;
export const showIdleMs = 10000;

/** Below this a press could end in the middle: the radio's peaks pull an empty cell under the chip's brown-out. */
export const minBatteryMv = 3400;

/** The relay notices a vanished button after one and a half of these (MQTT 3.1.1, section 3.1.2.10). */
export const keepAliveS = 30;
export const pingEveryMs = 15000;

/** A button that is still held down cannot wake the chip by its pin; look again after this. */
export const stuckButtonSleepMs = 30 * 60 * 1000;

/**
 * So many variables have to be free before a network is joined: some 790 are taken from there to the longest message
 * (counted in the chip's format: test/firmware/interpreter/memory.long.test.ts), and a fifth. With fewer a press would
 * end in the middle.
 */
export const roomToPress = 1000;
