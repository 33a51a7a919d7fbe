import { native } from '../native.js';
import { createError } from './errors.js';
import type { ResolvedTlsOptions } from './options.js';
import { defaultTrust } from './trust.js';

/** Equal options are the same object, see options/tls.ts. */
const contexts = new WeakMap<ResolvedTlsOptions, number>();
/** Those whose connections are captured. */
const telling = new WeakMap<ResolvedTlsOptions, number>();

/**
 * The SSL_CTX for these options, made once per process and shared by all its workers.
 *
 * @param tellSecrets for connections that are captured: only these have OpenSSL tell their secrets
 * @throws LwsPoolError ERR_TLS_OPTION
 */
export function tlsContextOf(options: ResolvedTlsOptions, tellSecrets = false): number {
  const made = tellSecrets ? telling : contexts;
  // Also where the context is known: the file may have been moved away since.
  checkKeylog(options);
  const known = made.get(options);
  if (known !== undefined) return known;
  if (options.ca === undefined) native.setDefaultAuthorities(defaultTrust());
  const context = create(options, tellSecrets);
  made.set(options, context);
  return context;
}

/**
 * Opens the file that secrets are to be appended to, where there is one.
 *
 * @throws LwsPoolError ERR_KEYLOG
 */
export function checkKeylog({ keylog }: ResolvedTlsOptions): void {
  if (typeof keylog !== 'string') return;
  try {
    native.openKeylog(keylog);
  } catch (cause) {
    throw createError('ERR_KEYLOG', { file: keylog }, { cause });
  }
}

function create(options: ResolvedTlsOptions, tellSecrets: boolean): number {
  const { ca, cert, key, minVersion, maxVersion, ciphers, ALPNProtocols } = options;
  try {
    return native.createTlsContext({
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
