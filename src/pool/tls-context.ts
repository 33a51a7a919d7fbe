import { createError } from '../errors/errors.js';
import { tooManyFiles } from '../errors/shortage.js';
import { type NativeAuthorities, type NativeTlsContext, native } from '../native.js';
import type { ResolvedTlsOptions } from '../options/options.js';
import { defaultTrust, type Trust } from './trust.js';

interface Made {
  readonly context: NativeTlsContext;
  /** Undefined: the options name their own. */
  readonly trust: Trust | undefined;
}

/** Equal options are the same object, see options/tls.ts. */
const contexts = new WeakMap<ResolvedTlsOptions, Made>();
/** Those whose connections are captured. */
const telling = new WeakMap<ResolvedTlsOptions, Made>();
const authorities = new WeakMap<Trust, NativeAuthorities>();

/**
 * The number of the TLS context for these options, shared by all workers of the process. It is there
 * as long as the options are, or an endpoint that was made with it; natively the last few are kept
 * for longer, and found by content. Without `ca` there is another once Node's default has changed.
 *
 * @param tellSecrets for connections that are captured: only these have OpenSSL tell their secrets
 * @throws LwsPoolError ERR_TLS_OPTION, ERR_KEYLOG, ERR_TOO_MANY_FILES
 */
export function tlsContextOf(options: ResolvedTlsOptions, tellSecrets = false): number {
  const made = tellSecrets ? telling : contexts;
  // Also where the context is known: the file may have been moved away since.
  checkKeylog(options);
  const trust = trustOf(options);
  let known = made.get(options);
  if (known === undefined || known.trust !== trust) {
    known = { context: create(options, trust, tellSecrets), trust };
    made.set(options, known);
  }
  return known.context.number;
}

/** Whom connections trust that are begun now; undefined: whom their options name. */
export function trustOf({ ca }: ResolvedTlsOptions): Trust | undefined {
  return ca === undefined ? defaultTrust() : undefined;
}

function authoritiesOf(trust: Trust | undefined): number | undefined {
  if (trust === undefined) return undefined;
  let known = authorities.get(trust);
  if (known === undefined) {
    known = new native.Authorities(trust.certificates, trust.openSslPaths);
    authorities.set(trust, known);
  }
  return known.number;
}

/**
 * Opens the file that secrets are to be appended to, where there is one.
 *
 * @throws LwsPoolError ERR_KEYLOG, ERR_TOO_MANY_FILES
 */
export function checkKeylog({ keylog }: ResolvedTlsOptions): void {
  if (typeof keylog !== 'string') return;
  try {
    native.openKeylog(keylog);
  } catch (cause) {
    throw keylogShortage(keylog, cause) ?? createError('ERR_KEYLOG', { file: keylog }, { cause });
  }
}

function keylogShortage(keylog: string, cause: unknown) {
  return tooManyFiles(cause, { operation: `open the key log "${keylog}"`, file: keylog });
}

function create(
  options: ResolvedTlsOptions,
  trust: Trust | undefined,
  tellSecrets: boolean,
): NativeTlsContext {
  const { ca, cert, key, minVersion, maxVersion, ciphers, ALPNProtocols } = options;
  try {
    return new native.TlsContext({
      authorities: authoritiesOf(trust),
      ca,
      cert,
      key: key.map(({ pem }) => pem),
      keyPassphrases: key.map(({ passphrase }) => passphrase ?? options.passphrase ?? ''),
      minVersion,
      maxVersion,
      ciphers,
      // 'auto' is what OpenSSL does by itself.
      ecdhCurve: options.ecdhCurve === 'auto' ? undefined : options.ecdhCurve,
      sigalgs: options.sigalgs,
      ALPNProtocols,
      rejectUnauthorized: options.rejectUnauthorized,
      requestOCSP: options.requestOCSP,
      maxCachedSessions: options.maxCachedSessions,
      tellSecrets,
      keylog: options.keylog === true,
      keylogFile: typeof options.keylog === 'string' ? options.keylog : undefined,
    });
  } catch (cause) {
    // It opens the key log as well.
    const short =
      typeof options.keylog === 'string' ? keylogShortage(options.keylog, cause) : undefined;
    if (short !== undefined) throw short;
    const option = (cause as { option?: unknown }).option;
    throw createError(
      'ERR_TLS_OPTION',
      {
        option: typeof option === 'string' ? `tls.${option}` : 'tls',
        reason: (cause as Error).message,
      },
      { cause },
    );
  }
}
