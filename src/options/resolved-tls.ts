/** Version of TLS, as in `node:tls`. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/**
 * TLS options complete and copied: those that connections share. Equal options are the same object
 * as long as anybody holds it, so that it can be the key of a `WeakMap` from options to what is made
 * of them. `servername` and `bio` belong to the connection and are not in here.
 */
export interface ResolvedTlsOptions {
  /** Undefined: the default trust, see trust.ts. An empty list trusts nobody. */
  readonly ca: readonly string[] | undefined;
  readonly cert: readonly string[];
  readonly key: readonly ResolvedTlsKey[];
  readonly passphrase: string | undefined;
  readonly rejectUnauthorized: boolean;
  readonly requestOCSP: boolean;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly ciphers: string;
  /** `auto`: OpenSSL's own. */
  readonly ecdhCurve: string;
  /** Undefined: OpenSSL's own. */
  readonly sigalgs: string | undefined;
  readonly ALPNProtocols: readonly string[];
  readonly maxCachedSessions: number;
  /** An absolute path, or true for events. */
  readonly keylog: string | boolean;
}

export interface ResolvedTlsKey {
  readonly pem: string;
  readonly passphrase: string | undefined;
}
