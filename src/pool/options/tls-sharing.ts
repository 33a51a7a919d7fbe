import type { ResolvedTlsOptions } from './tls.js';

/** How many different sets of options are remembered; a program seldom has more than a few. */
const REMEMBERED = 16;

/** Weak, so that private keys do not outlive the pools and connections that use them. */
const known: WeakRef<ResolvedTlsOptions>[] = [];

/**
 * The one frozen object for options of this content. Ten thousand connections that are each given
 * `{ ca }` in an object of their own thus share what is made of it, a TLS context above all.
 */
export function shared(options: ResolvedTlsOptions): ResolvedTlsOptions {
  for (const reference of known) {
    const candidate = reference.deref();
    if (candidate !== undefined && equal(candidate, options)) return candidate;
  }
  const gone = known.findIndex((reference) => reference.deref() === undefined);
  if (gone >= 0) known.splice(gone, 1);
  else if (known.length === REMEMBERED) known.shift();
  known.push(new WeakRef(Object.freeze(options)));
  return options;
}

function equal(a: ResolvedTlsOptions, b: ResolvedTlsOptions): boolean {
  return (
    a.rejectUnauthorized === b.rejectUnauthorized &&
    a.requestOCSP === b.requestOCSP &&
    a.maxCachedSessions === b.maxCachedSessions &&
    a.keylog === b.keylog &&
    a.servername === b.servername &&
    a.minVersion === b.minVersion &&
    a.maxVersion === b.maxVersion &&
    a.ciphers === b.ciphers &&
    a.passphrase === b.passphrase &&
    sameItems(a.ALPNProtocols, b.ALPNProtocols) &&
    (a.ca === undefined || b.ca === undefined ? a.ca === b.ca : sameItems(a.ca, b.ca)) &&
    sameItems(a.cert, b.cert) &&
    a.key.length === b.key.length &&
    a.key.every((key, at) => {
      const other = b.key[at];
      return key.pem === other?.pem && key.passphrase === other.passphrase;
    })
  );
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((item, at) => item === b[at]));
}
