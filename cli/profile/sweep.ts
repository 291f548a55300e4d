/** Goes through an order and leaves in it what belongs in a profile; remembers what became of the rest. */
import ipaddr from 'ipaddr.js';
import { addOns, answers, fromThePress, orders, unneeded } from './fields.ts';
import { identifierIn, isIdentifierField, keyWhat, placeholderFor } from './identifiers.ts';
import { isObject, type Json, type Path, pattern, show } from './json.ts';
import type { Kind } from './kind.ts';
import { isSecret, isSecretValue, secretsIn } from './secrets.ts';
import { isPublicKey } from './ssh-key.ts';

/** An identifier or a key, and what became of it. */
export interface Fate {
  path: string;
  /** "uuid of the subnet", "SSH public key". */
  what: string;
  done: 'kept' | 'left out' | 'put in' | 'no public key';
}

export interface Swept {
  template: Record<string, Json>;
  /** Places, by the reason why nothing of them is in the template. */
  dropped: Record<Reason, string[]>;
  fates: Fate[];
  /** Kept, but not known to be part of an order. */
  unknown: string[];
}

export type Reason = 'press' | 'secret' | 'answer' | 'addOns' | 'unneeded' | 'empty';

export interface SweepOptions {
  /** Identifiers and public keys stay. */
  keepIds: boolean;
  /** The key that a person has put in: it stays in any case. */
  key?: string;
}

const keyField = /^ssh_(public_)?keys?$/;

/** Never throws for anything that JSON can be, up to the depth that its reader lets through. */
export function sweep(payload: Record<string, Json>, kind: Kind, options: SweepOptions): Swept {
  const swept: Swept = {
    template: {},
    dropped: { press: [], secret: [], answer: [], addOns: [], unneeded: [], empty: [] },
    fates: [],
    unknown: [],
  };
  const walk = new Walk(kind, options, swept);
  swept.template = walk.object(payload, []);
  swept.unknown = Object.keys(swept.template)
    .filter(key => !orders[kind].has(key))
    .map(key => show([key]));
  return swept;
}

class Walk {
  readonly #kind: Kind;
  readonly #options: SweepOptions;
  readonly #swept: Swept;

  constructor(kind: Kind, options: SweepOptions, swept: Swept) {
    this.#kind = kind;
    this.#options = options;
    this.#swept = swept;
  }

  /** `fromEntries` defines its members, so `__proto__` is a name like any other; but no order has one. */
  object(value: Record<string, Json>, path: Path): Record<string, Json> {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, one]): [string, Json][] => {
        const kept =
          key === '__proto__' ? this.#drop('unneeded', one, [...path, key]) : this.#field(key, one, path);
        return kept === undefined ? [] : [[key, kept]];
      }),
    );
  }

  /** A field's value in the template; undefined when it has none there. */
  #field(key: string, value: Json, parent: Path): Json | undefined {
    const path = [...parent, key];
    const at = pattern(path);
    const reason = this.#reasonFor(key, value, at);
    if (reason !== undefined) return this.#drop(reason, value, path);
    if (keyField.test(key)) return this.#keys(value, path);
    if (at === 'description' && typeof value === 'string') return this.#description(value);
    return this.#value(key, value, path);
  }

  #reasonFor(key: string, value: Json, at: string): Reason | undefined {
    if (value === null || (value === '' && isIdentifierField(key))) return 'empty';
    if (fromThePress[this.#kind].has(at)) return 'press';
    if (addOns.has(at)) return 'addOns';
    if (unneeded.has(at)) return 'unneeded';
    // A private key in the place of a public one is left out there, and the place is marked.
    if (keyField.test(key)) return undefined;
    if (isSecret(key, value)) return 'secret';
    if (answers[this.#kind].has(at)) return 'answer';
    // "" in an order; the driver writes it.
    return at === 'network_plugin.status' && value !== '' ? 'answer' : undefined;
  }

  #drop(reason: Reason, value: Json, path: Path): undefined {
    const { dropped } = this.#swept;
    dropped[reason].push(show(path));
    if (reason !== 'secret') dropped.secret.push(...secretsIn(value, path).map(show));
    return undefined;
  }

  #value(field: string, value: Json, path: Path): Json | undefined {
    if (Array.isArray(value)) {
      return value.flatMap((one, i): Json[] => {
        const at = [...path, i];
        const reason = one === null ? 'empty' : isSecretValue(one) ? 'secret' : undefined;
        const kept = reason === undefined ? this.#value(field, one, at) : this.#drop(reason, one, at);
        return kept === undefined ? [] : [kept];
      });
    }
    if (isObject(value)) return this.object(value, path);
    if (typeof value !== 'string') return value;
    // Somebody may have put a person's key elsewhere.
    if (isPublicKey(value)) return this.#key(value, path);
    const what = identifierIn(field, value);
    if (what === undefined) return value;
    const { keepIds } = this.#options;
    this.#swept.fates.push({ path: show(path), what, done: keepIds ? 'kept' : 'left out' });
    return keepIds ? value : placeholderFor(what);
  }

  #keys(value: Json, path: Path): Json {
    if (Array.isArray(value)) return value.map((one, i) => this.#key(one, [...path, i]));
    return this.#key(value, path);
  }

  #key(value: Json, path: Path): Json {
    const { keepIds, key } = this.#options;
    const usable = typeof value === 'string' && isPublicKey(value);
    const done = !usable ? 'no public key' : value === key ? 'put in' : keepIds ? 'kept' : 'left out';
    this.#swept.fates.push({ path: show(path), what: keyWhat, done });
    if (!usable && isSecretValue(value)) this.#swept.dropped.secret.push(show(path));
    return done === 'kept' || done === 'put in' ? value : placeholderFor(keyWhat);
  }

  /** The provisioner's own words and the range at the end come from the press; what a person wrote stays. */
  #description(text: string): Json | undefined {
    const parts = text.split(' - ');
    const own = parts.filter(part => !isOfAPress(part.trim()));
    if (own.length < parts.length) this.#swept.dropped.press.push('description (its end)');
    if (own.length === 0) return undefined;
    return this.#value('description', own.join(' - '), ['description']);
  }
}

function isOfAPress(part: string): boolean {
  return ipaddr.IPv4.isValidCIDRFourPartDecimal(part) || /^dash button \S+, press /.test(part);
}
