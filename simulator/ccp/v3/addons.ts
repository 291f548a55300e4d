/** `/v3/clusters/{id}/catalog` and `/v3/clusters/{id}/addons`: what a ready cluster can have installed. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type AddOn, type AddOnState, addOnState } from '../add-on.ts';
import type { Cluster } from '../cluster.ts';
import { badRequest, recordNotFound } from '../errors.ts';
import { defaultAddOnError } from '../failures.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Answer, Call } from '../router.ts';
import { catalog, chartVersion, installable } from './catalog.ts';
import { checkBody, page, text } from './check.ts';
import { readyById } from './find.ts';

/** An operator has to be this old before its dependency is sent (nominal ms). That the platform insists is assumed. */
const operatorMs = 2000;

/** `INSTALLED` and `deployed` were seen (ROB), the others are assumed. */
const words: Readonly<Record<AddOnState, { status: string; helmStatus: string }>> = {
  installing: { status: 'INSTALLING', helmStatus: 'pending-install' },
  installed: { status: 'INSTALLED', helmStatus: 'deployed' },
  failed: { status: 'ERROR', helmStatus: 'failed' },
};

const installSchema = z.object({
  name: text,
  namespace: text,
  displayName: text,
  description: z.string(),
  url: text,
  overrides: z.string().default(''),
  overrideFiles: z.array(z.string()).default([]),
  conflicts: z.array(z.string()).default([]),
  dependencies: z.record(z.string(), z.unknown()).default({}),
});

/** An object, not a list (GO3). */
export function offers(lab: PlatformState, call: Call): Answer {
  readyById(lab, call);
  return { status: 200, json: catalog };
}

export function list(lab: PlatformState, call: Call): Answer {
  const all = [...readyById(lab, call).addOns.values()];
  return { status: 200, json: page(all.map(addOn => view(addOn, addOnState(addOn, lab.clock)))) };
}

/** The catalog's entry as it was read (GO3). Answers at once; clients ask every 2 s how it goes on. */
export function install(lab: PlatformState, call: Call): Answer {
  const cluster = readyById(lab, call);
  const entry = checkBody(call.body, installSchema);
  checkInstall(lab, cluster, entry);
  const failure = lab.failures.take('addOnError', one => (one.name ?? entry.name) === entry.name);
  const fault = failure && (failure.message ?? defaultAddOnError);
  const addOn = { name: entry.name, orderedMs: lab.clock.nowMs(), fault, entry };
  cluster.addOns.set(entry.name, addOn);
  return { status: 201, json: view(addOn, 'installing') };
}

/** Gone at once (assumed). A dependency goes before its operator, the opposite of the installation (GO3). */
export function remove(lab: PlatformState, call: Call): Answer {
  const { addOns } = readyById(lab, call);
  const { name = '' } = call.params;
  if (!addOns.has(name)) throw recordNotFound();
  for (const other of addOns.keys()) {
    if (installable.get(other)?.operator === name) throw badRequest(`${other} needs ${name}`);
  }
  addOns.delete(name);
  return { status: 204 };
}

/** What the platform refuses is assumed; the conflicts and the order are what clients keep to (GO3). */
function checkInstall(
  lab: PlatformState,
  { addOns }: Cluster,
  { name, url }: z.output<typeof installSchema>,
): void {
  const offer = installable.get(name);
  if (offer === undefined) throw badRequest('no such add-on', 'name');
  if (url !== offer.entry.url) throw badRequest('not the url of the catalog', 'url');
  if (addOns.has(name)) throw badRequest('already installed', 'name');
  for (const other of addOns.keys()) {
    if (offer.entry.conflicts?.includes(other))
      throw badRequest(`${name} conflicts with ${other}`, 'conflicts');
  }
  if (offer.operator === undefined) return;
  const operator = addOns.get(offer.operator);
  if (operator === undefined || lab.clock.nowMs() - operator.orderedMs < operatorMs) {
    throw badRequest(`${name} needs ${offer.operator} first`, 'dependencies');
  }
}

/** The fields of an installed item (ROB). */
function view(addOn: AddOn, state: AddOnState) {
  const entry = addOn.entry as z.output<typeof installSchema>;
  const installed = state === 'installed';
  return {
    ...entry,
    status: {
      name: addOn.name,
      ...words[state],
      statusDetail: state === 'failed' ? addOn.fault : '',
      overrideHash: overrideHash(entry.overrides),
      urlInstalled: installed ? entry.url : '',
      versionInstalled: installed ? chartVersion : '',
      serviceUrl: '',
    },
  };
}

/** Padded base64url of SHA-256 (the one value seen is that of an empty text, ROB). */
function overrideHash(overrides: string): string {
  const base64 = createHash('sha256').update(overrides).digest('base64');
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
