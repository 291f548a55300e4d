/**
 * The MQTT topics of the dash button, and the names that may stand in them.
 *
 * Written in the chip's dialect (no destructuring, defaults, spread, Map, hoisting …): the firmware bundles it.
 */

/** Everything we say is said below this prefix; a second version of the protocol gets a second prefix. */
export const topicPrefix = 'dashbutton/v1';

/**
 * Longest name of a button or a site. A cluster is called `<button>-<press number>`; 20 + 1 + 10 digits stay
 * far below the 46 characters that the strictest platform takes.
 */
export const maxNameLength = 20;

/**
 * True when `name` may name a button or a site: 1 to 20 lower-case letters, digits and inner hyphens, which is
 * safe in a topic, in DNS and on the display. Not one regular expression: the chip's engine does not go back
 * into groups, so `^[a-z0-9]([a-z0-9-]*[a-z0-9])?$` matches nothing there (tried).
 */
export function isName(name: string): boolean {
  return (
    name.length <= maxNameLength &&
    /^[a-z0-9-]+$/.test(name) &&
    name.charAt(0) !== '-' &&
    name.charAt(name.length - 1) !== '-'
  );
}

/** Where a button publishes its presses. Never retained: a broker would deliver the press again for ever. */
export function pressTopic(button: string): string {
  return `${topicPrefix}/buttons/${button}/press`;
}

/** Where the provisioner keeps a button's last status, retained. */
export function statusTopic(button: string): string {
  return `${topicPrefix}/buttons/${button}/status`;
}

/** Where a site says that its lab is online, and what time it is there. Retained; its will says offline. */
export function beaconTopic(site: string): string {
  return `${topicPrefix}/sites/${site}/beacon`;
}
