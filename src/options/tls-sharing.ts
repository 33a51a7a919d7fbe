import type { ResolvedTlsOptions } from './resolved-tls.js';

/** Weak, so that private keys do not outlive the pools and connections that use them. */
const known = new Map<string, WeakRef<ResolvedTlsOptions>[]>();
const gone = new FinalizationRegistry<string>(forget);

/**
 * The one frozen object for options of this content, for as long as anybody has it. Ten thousand
 * connections that are each given `{ ca }` in an object of their own thus share what is made of it,
 * a TLS context above all.
 */
export function shared(options: ResolvedTlsOptions): ResolvedTlsOptions {
  const hint = hintOf(options);
  let alike = known.get(hint);
  for (const reference of alike ?? []) {
    const candidate = reference.deref();
    if (candidate !== undefined && equal(candidate, options)) return candidate;
  }
  if (alike === undefined) {
    alike = [];
    known.set(hint, alike);
  }
  alike.push(new WeakRef(Object.freeze(options)));
  gone.register(options, hint);
  return options;
}

function forget(hint: string): void {
  const left = known.get(hint)?.filter((reference) => reference.deref() !== undefined) ?? [];
  if (left.length === 0) known.delete(hint);
  else known.set(hint, left);
}

/**
 * Equal for equal options and, but for accident, for no others; nothing of it is secret. It looks at
 * the end of each text only, where a certificate has its signature, so that a bundle costs what a
 * line does.
 */
function hintOf(options: ResolvedTlsOptions): string {
  const { ca, cert, key, ciphers, minVersion, maxVersion, keylog } = options;
  return [
    ca === undefined ? 'default' : tails(ca),
    tails(cert),
    key.map(({ pem }) => pem.length).join(),
    ciphers,
    options.ecdhCurve,
    options.sigalgs,
    minVersion + maxVersion,
    options.ALPNProtocols.join(),
    options.maxCachedSessions,
    options.rejectUnauthorized,
    options.requestOCSP,
    keylog,
  ].join('|');
}

/** Of the first and the last text. */
function tails(pems: readonly string[]): string {
  const last = pems.length - 1;
  return `${pems.length}${tail(pems[0])}${last > 0 ? tail(pems[last]) : ''}`;
}

function tail(pem = ''): string {
  return `${pem.length}${pem.slice(-96)}`;
}

function equal(a: ResolvedTlsOptions, b: ResolvedTlsOptions): boolean {
  return (
    a.rejectUnauthorized === b.rejectUnauthorized &&
    a.requestOCSP === b.requestOCSP &&
    a.maxCachedSessions === b.maxCachedSessions &&
    a.keylog === b.keylog &&
    a.minVersion === b.minVersion &&
    a.maxVersion === b.maxVersion &&
    a.ciphers === b.ciphers &&
    a.ecdhCurve === b.ecdhCurve &&
    a.sigalgs === b.sigalgs &&
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
