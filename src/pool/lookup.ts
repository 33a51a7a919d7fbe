import dns from 'node:dns';
import { isIP } from 'node:net';
import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import { hasDescriptors } from '../errors/shortage.js';
import type { LookupFunction } from '../options/options.js';

/** One address to try. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Addresses in the order to try them, or whatever the look-up failed with. */
export type LookupAnswer =
  | { readonly addresses: readonly ResolvedAddress[] }
  /** `short`: hardly a descriptor was left, so that the failure may be of that. */
  | { readonly failure: unknown; readonly short: boolean };

/**
 * With fewer left after a failure there may have been none during the look-up: it has a few open at a
 * time, and others come and go meanwhile.
 */
const SPARE_DESCRIPTORS = 64;

type Waiter = (answer: LookupAnswer) => void;

/** Look-ups under way, by function and name. A function that is dropped takes its own along. */
const underWay = new WeakMap<LookupFunction, Map<string, Set<Waiter>>>();

/**
 * Looks a name up, together with all who ask for it with the same function meanwhile. The waiter
 * is called at most once, never before this returns.
 *
 * @returns leaves: the waiter is not called any more. A look-up that all have left is forgotten,
 *     so that one that never answers does not hold up those who ask later.
 */
export function lookUp(
  host: string,
  lookup: LookupFunction = dns.lookup,
  waiter: Waiter,
): () => void {
  const names = underWay.get(lookup) ?? new Map<string, Set<Waiter>>();
  underWay.set(lookup, names);
  const waiting = names.get(host);
  const waiters = waiting ?? new Set<Waiter>();
  const forget = () => {
    if (names.get(host) === waiters) names.delete(host);
  };
  waiters.add(waiter);
  if (waiting === undefined) {
    names.set(host, waiters);
    // It never rejects: a failure is an answer too.
    void ask(host, lookup).then((answer) => {
      forget();
      for (const waiter of waiters) waiter(answer);
    });
  }
  return () => {
    waiters.delete(waiter);
    if (waiters.size === 0) forget();
  };
}

/** Calls the function and takes whatever it does for an answer, the first one alone. */
function ask(host: string, lookup: LookupFunction): Promise<LookupAnswer> {
  return new Promise<LookupAnswer>((resolve) => {
    const fail = (failure: unknown) => {
      resolve({ failure, short: !hasDescriptors(SPARE_DESCRIPTORS) });
    };
    const answer = (given: unknown) => {
      const addresses = readAddresses(given);
      if (addresses !== undefined) resolve({ addresses: alternating(addresses) });
      else fail(notAddresses(given));
    };
    try {
      const returned: unknown = lookup(
        host,
        // As net.connect() asks: ADDRCONFIG leaves out families this machine has no address of.
        { all: true, family: 0, hints: dns.ADDRCONFIG, order: 'verbatim' },
        (error, given) => {
          if (error) fail(error);
          else answer(given);
        },
      );
      // An async function is taken too: for what it returns, or only for what it throws.
      if (returned instanceof Promise) {
        returned.then((given) => given !== undefined && answer(given), fail);
      }
    } catch (error) {
      fail(error);
    }
  });
}

/** Takes a list, and the single address of a function that does not know `all`. */
function readAddresses(given: unknown): ResolvedAddress[] | undefined {
  const addresses: ResolvedAddress[] = [];
  for (const entry of Array.isArray(given) ? given : [given]) {
    const address = addressIn(entry);
    const family = typeof address === 'string' ? isIP(address) : 0;
    if (typeof address !== 'string' || (family !== 4 && family !== 6)) return undefined;
    addresses.push({ address, family });
  }
  return addresses;
}

/** Families in turn, beginning with that of the first address; nothing twice. */
function alternating(addresses: readonly ResolvedAddress[]): ResolvedAddress[] {
  const unique = [...new Map(addresses.map((entry) => [entry.address, entry])).values()];
  const first = unique.filter(({ family }) => family === unique[0]?.family);
  const second = unique.filter(({ family }) => family !== unique[0]?.family);
  const longer = first.length < second.length ? second : first;
  return longer.flatMap((_, turn) => [
    ...first.slice(turn, turn + 1),
    ...second.slice(turn, turn + 1),
  ]);
}

/** The address of an entry, which may be one itself. */
function addressIn(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'address' in entry ? entry.address : entry;
}

function notAddresses(given: unknown) {
  const list: readonly unknown[] | undefined = Array.isArray(given) ? given : undefined;
  const wrong =
    list === undefined ? given : list.find((entry) => readAddresses([entry]) === undefined);
  const of = list === undefined ? 'the answer' : 'an answer with';
  return createError('ERR_INVALID_OPTION', {
    option: 'lookup',
    got: `${of} ${describe(addressIn(wrong))}`,
    takes: 'a function that answers with IP addresses, as dns.lookup does',
  });
}
