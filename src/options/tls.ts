import { isIP } from 'node:net';
import { resolve } from 'node:path';
import tls from 'node:tls';
import { domainToASCII } from 'node:url';
import { filePath } from '../base/file-path.js';
import { wrongWithName } from '../base/host-name.js';
import { createError } from '../errors/errors.js';
import { type BioOptions, type ResolvedBio, readBios } from './bio.js';
import { Rejection } from './rejection.js';
import type { ResolvedTlsKey, ResolvedTlsOptions, TlsVersion } from './resolved-tls.js';
import {
  complete,
  fitting,
  flag,
  type Given,
  group,
  integer,
  namesWithColons,
  parseWith,
  reader,
} from './schema.js';
import { shared } from './tls-sharing.js';

/** PEM text, as a string or as the bytes of a file. */
export type Pem = string | ArrayBufferView;

/** TLS options with the names and the meaning of `tls.connect()` and `tls.createSecureContext()`. */
export interface TlsOptions {
  /**
   * Certificates to trust, in place of those that `node:tls` trusts by default at the time of the
   * call, see docs/tls.md.
   */
  ca?: Pem | readonly Pem[] | undefined;
  /** Chain of the client's certificate, its own first; several where there are several keys. */
  cert?: Pem | readonly Pem[] | undefined;
  /** Private key of `cert`; goes with it always. */
  key?: Pem | readonly (Pem | TlsKey)[] | undefined;
  /** Passphrase of every key that names none of its own. */
  passphrase?: string | undefined;
  /**
   * Name to ask for (SNI) and to verify, a trailing dot taken off. Default: the URL's host, verified
   * for `''` as well, which asks for none. What a certificate has to hold: docs/tls.md.
   */
  servername?: string | undefined;
  /** Whether a certificate that fails verification ends the connection. Default: true. */
  rejectUnauthorized?: boolean | undefined;
  /** Asks the server to staple an OCSP response, see `lease.tls.ocspResponse`. Default: false. */
  requestOCSP?: boolean | undefined;
  /** Default: `tls.DEFAULT_MIN_VERSION`. */
  minVersion?: TlsVersion | undefined;
  /** Default: `tls.DEFAULT_MAX_VERSION`. */
  maxVersion?: TlsVersion | undefined;
  /**
   * Ciphers in OpenSSL's notation, TLS 1.3 suites among them. With no such suite those of TLS 1.3 stay
   * what they are; with nothing else, nothing older than TLS 1.3 is spoken. Default:
   * `tls.DEFAULT_CIPHERS`.
   */
  ciphers?: string | undefined;
  /**
   * Groups of the key exchange, the preferred first, with colons between them: `X25519:P-256`; or
   * `auto`, OpenSSL's own. What each costs: docs/tls.md. Default: `tls.DEFAULT_ECDH_CURVE`.
   */
  ecdhCurve?: string | undefined;
  /**
   * Signature algorithms that the server may use, with colons between them:
   * `ecdsa_secp256r1_sha256:RSA-PSS+SHA256`. Default: OpenSSL's own.
   */
  sigalgs?: string | undefined;
  /** Protocols offered by ALPN (RFC 7301), the preferred first. Default: `http/1.1`. */
  ALPNProtocols?: readonly string[] | ArrayBufferView | undefined;
  /**
   * How many TLS sessions are kept, for all servers together, so that later connections with equal
   * options resume them instead of making a full handshake; see docs/tls.md. 0: none. Default: 100.
   */
  maxCachedSessions?: number | undefined;
  /**
   * The secrets of each handshake, line by line in the NSS key log format (SSLKEYLOGFILE), with which
   * Wireshark decrypts what was sent: guard them like the keys of the connections. A path or `file:`
   * URL: they are appended to that file, made with mode 0600. `true`: they are told by the event
   * `keylog` of the connection, or to the handler's `keylog`. Default: `false`. See
   * docs/monitoring.md.
   */
  keylog?: boolean | string | URL | undefined;
  /**
   * Where `keylog` is not given: appends them to the file that the environment variable
   * `SSLKEYLOGFILE` names, if it names one. Default: `false`, it is not looked at.
   */
  keylogFromEnv?: boolean | undefined;
  /**
   * BIOs between OpenSSL and the socket, in place before the first byte of the handshake; of a list
   * the first lies next to the socket. Each connection gets its own.
   */
  bio?: BioOptions | readonly BioOptions[] | undefined;
}

/** One private key of several. */
export interface TlsKey {
  /** The key. */
  pem: Pem;
  /** Its passphrase. Default: the option `passphrase`. */
  passphrase?: string | undefined;
}

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

const version = fitting<TlsVersion>(VERSIONS.map((name) => `"${name}"`).join(', '), (value) =>
  VERSIONS.includes(value),
);
const isText = (value: unknown) => typeof value === 'string';

/** The schema of the option `tls`, wherever it stands. */
export const tlsSchema = group({
  ca: reader<readonly string[]>(readPems),
  cert: reader<readonly string[]>(readPems),
  key: reader<readonly ResolvedTlsKey[]>(readKeys),
  passphrase: fitting<string>('a string', isText),
  servername: reader(readServername),
  rejectUnauthorized: flag,
  requestOCSP: flag,
  minVersion: version,
  maxVersion: version,
  ciphers: fitting<string>(
    'a list of ciphers in OpenSSL notation',
    (value) => isText(value) && value !== '',
  ),
  ecdhCurve: namesWithColons('groups, "X25519:P-256" for example, or "auto"'),
  sigalgs: namesWithColons('signature algorithms, "ecdsa_secp256r1_sha256" for example'),
  ALPNProtocols: reader<readonly string[]>(readProtocols),
  maxCachedSessions: integer(0, 1_000_000),
  keylog: reader<string | boolean>(readKeylog),
  keylogFromEnv: flag,
  bio: reader<readonly ResolvedBio[]>(readBios),
});

/** What is given when the user says nothing. Read late: Node lets programs change its defaults. */
function defaultTls(): ResolvedTlsOptions {
  return {
    ca: undefined,
    cert: [],
    key: [],
    passphrase: undefined,
    rejectUnauthorized: true,
    requestOCSP: false,
    minVersion: tls.DEFAULT_MIN_VERSION,
    maxVersion: tls.DEFAULT_MAX_VERSION,
    ciphers: tls.DEFAULT_CIPHERS,
    ecdhCurve: tls.DEFAULT_ECDH_CURVE,
    sigalgs: undefined,
    ALPNProtocols: ['http/1.1'],
    maxCachedSessions: 100,
    keylog: false,
  };
}

/**
 * Validates TLS options and completes them from the defaults, option by option.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION
 */
export function parseTlsOptions(
  input: TlsOptions | undefined,
  defaults: ResolvedTlsOptions = shared(defaultTls()),
): ResolvedTlsOptions {
  if (input === undefined) return defaults;
  return mergeTls(parseWith(tlsSchema, input, 'tls.'), defaults);
}

/** Completes what {@link tlsSchema} has read. */
export function mergeTls(
  given: Given<typeof tlsSchema.shape> | undefined,
  defaults: ResolvedTlsOptions,
): ResolvedTlsOptions {
  if (given === undefined) return defaults;
  const merged = complete({ ...given, keylog: given.keylog ?? fromEnv(given) }, defaults);
  checkTogether(merged);
  return shared(merged);
}

function fromEnv({ keylogFromEnv }: { keylogFromEnv?: boolean | undefined }): string | undefined {
  const path = process.env.SSLKEYLOGFILE;
  return keylogFromEnv && path !== undefined && path !== '' ? resolve(path) : undefined;
}

/** What no option alone can tell, and what may come half from the defaults. */
function checkTogether({ minVersion, maxVersion, cert, key }: ResolvedTlsOptions): void {
  if (VERSIONS.indexOf(minVersion) > VERSIONS.indexOf(maxVersion)) {
    throw createError('ERR_INVALID_OPTION', {
      option: 'tls.minVersion',
      got: `"${minVersion}"`,
      takes: `a version no later than "tls.maxVersion", "${maxVersion}"`,
    });
  }
  if (cert.length > 0 !== key.length > 0) {
    const [missing, present] = key.length > 0 ? ['cert', 'key'] : ['key', 'cert'];
    throw createError('ERR_INVALID_OPTION', {
      option: `tls.${missing}`,
      got: 'none',
      takes: `the counterpart of "tls.${present}"`,
    });
  }
}

function readPems(input: unknown): readonly string[] {
  if (!Array.isArray(input)) return [readPem(input, [])];
  return input.map((element, index) => readPem(element, [index]));
}

function readPem(value: unknown, path: (string | number)[]): string {
  const pem = ArrayBuffer.isView(value) ? bytesOf(value).toString() : value;
  if (typeof pem === 'string' && pem.includes('-----BEGIN ')) return pem;
  const hint = 'It takes the content of a file, not its path: readFileSync(path).';
  const isPath = typeof pem === 'string' && /^[\w./~\\:-]+$/.test(pem);
  throw new Rejection('PEM text as a string or Buffer', path, isPath ? { hint } : {});
}

function readKeys(input: unknown): readonly ResolvedTlsKey[] {
  const keys: readonly unknown[] = Array.isArray(input) ? input : [input];
  return keys.map((key, index) => {
    const path = Array.isArray(input) ? [index] : [];
    if (key === null || typeof key !== 'object' || ArrayBuffer.isView(key)) {
      return { pem: readPem(key, path), passphrase: undefined };
    }
    const { pem, passphrase, ...unknown } = key as Record<string, unknown>;
    const [other] = Object.keys(unknown);
    if (!Array.isArray(input) || other !== undefined) {
      throw new Rejection('PEM text, or a list of PEM texts and { pem, passphrase }', path);
    }
    if (passphrase !== undefined && typeof passphrase !== 'string') {
      throw new Rejection('a string', [...path, 'passphrase']);
    }
    return { pem: readPem(pem, [...path, 'pem']), passphrase };
  });
}

function readKeylog(value: unknown): string | boolean {
  if (typeof value === 'boolean') return value;
  const path = filePath(value);
  if (path === undefined)
    throw new Rejection('true for events, or the path of a file to append to');
  return path;
}

function readServername(value: unknown): string {
  const takes = 'a host name (no IP address: RFC 6066 section 3), or "" for none';
  if (typeof value !== 'string') throw new Rejection(takes);
  if (value === '') return '';
  // What domainToASCII would leave out or read as the end of the name.
  const plain = /^[^\p{Cc}\s/?#@:\\%[\]]+$/u.test(value);
  // A trailing dot says that the name is complete, and is no part of it (RFC 6066 section 3).
  const name = plain ? domainToASCII(value).replace(/\.$/, '') : '';
  const wrong = wrongWithName(name);
  if (!/^[\w.-]+$/.test(name) || isIP(name) !== 0) throw new Rejection(takes);
  if (wrong !== undefined) throw new Rejection(takes, [], { hint: `As it is, ${wrong}.` });
  return name;
}

function readProtocols(input: unknown): readonly string[] {
  const names = ArrayBuffer.isView(input) ? unpackProtocols(bytesOf(input)) : input;
  const takes = 'a list of protocol names of 1 to 255 printable ASCII characters, no comma';
  if (!Array.isArray(names) || names.length === 0) throw new Rejection(takes);
  return names.map((name: unknown, index) => {
    if (typeof name === 'string' && /^[\x21-\x2b\x2d-\x7e]{1,255}$/.test(name)) return name;
    throw new Rejection(takes, Array.isArray(input) ? [index] : []);
  });
}

/** The wire format: each name after a byte with its length (RFC 7301 section 3.1). */
function unpackProtocols(bytes: Buffer): string[] | undefined {
  const names: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + (bytes[at] ?? 0);
    if (end > bytes.length) return undefined;
    names.push(bytes.toString('latin1', at + 1, end));
    at = end;
  }
  return names;
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}
