import { createError } from '../errors/errors.js';
import { tooManyFiles } from '../errors/shortage.js';
import { type NativeTlsContext, native } from '../native.js';
import type { ResolvedTlsOptions } from '../options/options.js';
import { defaultTrust } from './trust.js';

/** Equal options are the same object, see options/tls.ts. */
const contexts = new WeakMap<ResolvedTlsOptions, NativeTlsContext>();
/** Those whose connections are captured. */
const telling = new WeakMap<ResolvedTlsOptions, NativeTlsContext>();

/**
 * The number of the TLS context for these options, shared by all workers of the process. It is there
 * as long as the options are, or an endpoint that was made with it; natively the last few are kept
 * for longer, and found by content.
 *
 * @param tellSecrets for connections that are captured: only these have OpenSSL tell their secrets
 * @throws LwsPoolError ERR_TLS_OPTION, ERR_KEYLOG, ERR_TOO_MANY_FILES
 */
export function tlsContextOf(options: ResolvedTlsOptions, tellSecrets = false): number {
  const made = tellSecrets ? telling : contexts;
  // Also where the context is known: the file may have been moved away since.
  checkKeylog(options);
  let context = made.get(options);
  if (context === undefined) {
    if (options.ca === undefined) native.setDefaultAuthorities(defaultTrust());
    context = create(options, tellSecrets);
    made.set(options, context);
  }
  return context.number;
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

function create(options: ResolvedTlsOptions, tellSecrets: boolean): NativeTlsContext {
  const { ca, cert, key, minVersion, maxVersion, ciphers, ALPNProtocols } = options;
  try {
    return new native.TlsContext({
      ca,
      cert,
      key: key.map(({ pem }) => pem),
      keyPassphrases: key.map(({ passphrase }) => passphrase ?? options.passphrase ?? ''),
      minVersion,
      maxVersion,
      ciphers,
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
