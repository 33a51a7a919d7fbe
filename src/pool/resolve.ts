import { isIP } from 'node:net';
import { onAbort } from '../base/abort.js';
import { describe } from '../base/describe.js';
import type { ConnectionUrl } from '../connection/url.js';
import { createError, type ErrorDetails, LwsPoolError } from '../errors/errors.js';
import { descriptorShortage } from '../errors/shortage.js';
import type { LookupFunction, ResolvedConnectOptions } from '../options/options.js';
import { lookUp, type ResolvedAddress } from './lookup.js';
import type { OnEnd, Waits } from './waits.js';

export type { ResolvedAddress };

export interface ResolveOptions {
  /** Default: `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; default: as long as the look-up takes. */
  readonly timeout?: number | undefined;
  /** The end of the pool ends the wait, whatever becomes of the look-up. */
  readonly onEnd?: OnEnd | undefined;
}

/** The address that a URL spells out, none for a Unix socket; undefined where a name is given. */
export function literalAddress({
  host,
  unixPath,
}: ConnectionUrl): readonly ResolvedAddress[] | undefined {
  if (unixPath !== undefined) return [];
  const family = isIP(host);
  return family === 4 || family === 6 ? [{ address: host, family }] : undefined;
}

/**
 * The addresses of a URL's host in the order to try them: that of the system, families alternating
 * from the first one on, as Node's `autoSelectFamily` does it (RFC 8305 section 4). Names that are
 * asked for several times at once are looked up once.
 *
 * @throws LwsPoolError ERR_NAME_NOT_FOUND, ERR_NAME_LOOKUP, ERR_TOO_MANY_FILES,
 *     ERR_HANDSHAKE_TIMEOUT, ERR_ABORTED, what the pool ended with;
 *     ERR_INVALID_OPTION when the option `lookup` answers with something else than addresses
 */
export function resolveAddresses(
  url: ConnectionUrl,
  { lookup, signal, timeout, onEnd }: ResolveOptions = {},
): Promise<readonly ResolvedAddress[]> {
  if (signal?.aborted) return Promise.reject(aborted(url, signal));
  const literal = literalAddress(url);
  if (literal !== undefined) return Promise.resolve(literal);
  return new Promise((resolve, reject) => {
    const settle = (error?: LwsPoolError, addresses: readonly ResolvedAddress[] = []) => {
      leave();
      clearTimeout(timer);
      ignoreAbort?.();
      ignoreEnd?.();
      if (error === undefined) resolve(addresses);
      else reject(error);
    };
    const abort = () => settle(aborted(url, signal));
    const expire = () => settle(timedOut(url, timeout));
    const leave = lookUp(url.host, lookup, (answer) => {
      if ('failure' in answer) settle(lookupError(url, answer, lookup));
      else if (answer.addresses.length === 0) settle(createError('ERR_NAME_NOT_FOUND', of(url)));
      else settle(undefined, answer.addresses);
    });
    const timer = timeout === undefined ? undefined : setTimeout(expire, timeout);
    const ignoreAbort = signal && onAbort(signal, abort);
    const ignoreEnd = onEnd?.(settle);
    if (signal?.aborted) abort();
  });
}

/** The same for a connection of a pool, whose end ends the wait. */
export async function addressesOf(
  url: ConnectionUrl,
  { lookup, signal, timeout }: ResolvedConnectOptions,
  { onEnd }: Waits,
): Promise<readonly string[]> {
  const found = await resolveAddresses(url, { lookup, signal, timeout, onEnd });
  return found.map(({ address }) => address);
}

/** What getaddrinfo(3) and c-ares say when the name itself is the trouble. */
const NO_SUCH_NAME = new Set([
  'ENOTFOUND',
  'ENODATA',
  'EAI_NODATA',
  'EAI_NONAME',
  'EAI_ADDRFAMILY',
]);

/**
 * An error of its own for each that waited; what the look-up failed with is its cause.
 *
 * @param failed `short`: a resolver that can open neither /etc/hosts nor a socket may well say that there
 *   is no such name
 * @param lookup the user's, which may fail in ways of its own, or in those of a resolver that it asks
 */
function lookupError(
  url: ConnectionUrl,
  { failure: cause, short }: { failure: unknown; short: boolean },
  lookup: LookupFunction | undefined,
): LwsPoolError {
  if (cause instanceof LwsPoolError) return cause;
  const errno = textOf(cause, 'code');
  const details = { ...of(url), errno, syscall: textOf(cause, 'syscall') };
  const noSuchName = errno !== undefined && NO_SUCH_NAME.has(errno);
  if (descriptorShortage(cause) !== undefined || (noSuchName && short)) {
    const operation = `look up "${url.host}"`;
    return createError('ERR_TOO_MANY_FILES', { ...details, operation }, { cause });
  }
  if (noSuchName) return createError('ERR_NAME_NOT_FOUND', details, { cause });
  if (lookup === undefined || isResolvers(details)) {
    return createError('ERR_NAME_LOOKUP', details, { cause });
  }
  const reason = cause instanceof Error ? undefined : describe(cause);
  return createError('ERR_NAME_LOOKUP', { ...details, option: 'lookup', reason }, { cause });
}

/** Whether getaddrinfo(3) or c-ares has failed, and not something else in a function of the user's. */
function isResolvers({ errno = '', syscall = '' }: ErrorDetails): boolean {
  return errno.startsWith('EAI_') || /^(getaddrinfo|query)/.test(syscall);
}

/** A property that system errors have; a look-up of the user's may throw anything. */
function textOf(thrown: unknown, name: 'code' | 'syscall'): string | undefined {
  const value = thrown instanceof Error && (thrown as unknown as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

function timedOut(url: ConnectionUrl, timeout: number | undefined): LwsPoolError {
  return createError('ERR_HANDSHAKE_TIMEOUT', { ...of(url), timeout, phase: 'name lookup' });
}

function aborted(url: ConnectionUrl, signal: AbortSignal | undefined): LwsPoolError {
  return createError('ERR_ABORTED', of(url), { cause: signal?.reason });
}

function of({ host, port }: ConnectionUrl): { host: string; port: number } {
  return { host, port };
}
