/** Every wait of the firmware, with its reason. Nothing in the button waits without one of these. Chip's dialect. */

/** Awake at the very most, from the last press: the end of every path, set before anything else. */
export const awakeLimitMs = 15 * 60 * 1000;

/** Joining a hotspot takes 1 to 6 s, some access points 15 s. */
export const joinLimitMs = 16000;

/** DNS, TCP (and TLS: seconds of computing on the chip), CONNACK and SUBACK. */
export const dialLimitMs = 12000;

/** The retained beacon and status come with the SUBACK; a relay that was just restarted has neither yet. */
export const readLimitMs = 3000;

/** The provisioner answers within its journal's sync; a phone's radio may be asleep for a second. */
export const answerLimitMs = 4000;

/** So often is a press sent in all before the lab counts as silent. */
export const pressTries = 4;

/** After a connection was lost while a build is followed: how long to the next try, and how many there are. */
export const pauseMs = [500, 1000, 2000, 4000, 8000, 15000];
export const followTries = 40;

/** How long the last screen stays. An address is to be copied down; an error to be read. */
export const showReadyMs = 120000;
export const showErrorMs = 30000;
export const showIdleMs = 10000;

/** The relay notices a vanished button after one and a half of these (MQTT 3.1.1, section 3.1.2.10). */
export const keepAliveS = 30;
export const pingEveryMs = 15000;

/** A button that is still held down cannot wake the chip by its pin; look again after this. */
export const stuckButtonSleepMs = 30 * 60 * 1000;
