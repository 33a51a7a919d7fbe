import { type CompressionOptions, compression, type ResolvedCompression } from './compression.js';
import { Rejection, within } from './rejection.js';
import {
  fitting,
  flag,
  type Given,
  group,
  integer,
  namesWithColons,
  parseWith,
  read,
  reader,
  word,
} from './schema.js';
import type { Pem } from './tls.js';

/** How a target treats messages, see {@link TargetOptions.mode} and docs/load-testing.md. */
export type TargetMode = 'echo' | 'sink' | 'flood' | 'close';

/** Options of `createTarget()`. */
export interface TargetOptions {
  /** Name or address to listen on. Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Ports to listen on, all of them; 0: the kernel chooses one that is free. Default: `[0]`. */
  readonly ports?: readonly number[] | undefined;
  /**
   * `echo` sends every message back, `sink` takes every message and sends nothing, `flood` sends
   * messages as fast as they are taken, `close` closes the connection at its first message. Default:
   * `echo`.
   */
  readonly mode?: TargetMode | undefined;
  /** Serves the bytes of the socket as they are, without WebSocket. Default: false. */
  readonly raw?: boolean | undefined;
  /** Size of each message that `flood` sends. Bytes, 1 to 128 MiB; default: 64. */
  readonly size?: number | undefined;
  /** Largest message that is taken; larger ones are refused with 1009. Bytes; default: 128 MiB. */
  readonly maxPayload?: number | undefined;
  /**
   * Compresses messages (permessage-deflate, RFC 7692) for the clients that offer it. Default: false.
   */
  readonly compression?: boolean | CompressionOptions | undefined;
  /** Certificate chain of the server, its own first (PEM): with it, the target speaks TLS. */
  readonly cert?: Pem | undefined;
  /** Private key of `cert` (PEM); goes with it always. */
  readonly key?: Pem | undefined;
  /** Groups of the key exchange, as in `tls.ecdhCurve` of a connection; only with `cert`. */
  readonly ecdhCurve?: string | undefined;
  /** Signature algorithms, as in `tls.sigalgs` of a connection; only with `cert`. */
  readonly sigalgs?: string | undefined;
}

/** Complete. */
export interface ResolvedTargetOptions {
  readonly host: string;
  readonly ports: readonly number[];
  readonly mode: TargetMode;
  readonly raw: boolean;
  readonly size: number;
  readonly maxPayload: number;
  /** False: offers of clients are declined. */
  readonly compression: ResolvedCompression | false;
  /** Undefined: without TLS. PEM texts. */
  readonly identity: TargetIdentity | undefined;
}

/** What a target shows and agrees to in a TLS handshake. */
export interface TargetIdentity {
  readonly cert: string;
  readonly key: string;
  /** Undefined: OpenSSL's own. */
  readonly ecdhCurve: string | undefined;
  /** Undefined: OpenSSL's own. */
  readonly sigalgs: string | undefined;
}

const MiB = 1024 * 1024;
/** As long as a name can be (RFC 1035 section 2.3.4), with a dot behind it. */
const LONGEST_HOST = 254;

const host = fitting<string>(
  'a host name or an IP address',
  (value: unknown) =>
    typeof value === 'string' && value.length <= LONGEST_HOST && /^[^\s\p{Cc}]+$/u.test(value),
);

const port = integer(0, 65_535);

const ports = reader<readonly number[]>((value) => {
  if (!Array.isArray(value) || value.length === 0) throw new Rejection('a list of ports');
  return value.map((one, index) => within(index, () => read(port, one)));
});

const pem = reader<string>((value) => {
  if (typeof value === 'string' && value !== '') return value;
  if (ArrayBuffer.isView(value) && value.byteLength > 0) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
  }
  throw new Rejection('PEM: a string, or the bytes of a file');
});

const shape = {
  host,
  ports,
  mode: word('echo', 'sink', 'flood', 'close'),
  raw: flag,
  size: integer(1, 128 * MiB, ' (bytes)'),
  maxPayload: integer(1, 2 ** 31 - 1, ' (bytes)'),
  compression,
  cert: pem,
  key: pem,
  ecdhCurve: namesWithColons('groups, "X25519:P-256" for example, or "auto"'),
  sigalgs: namesWithColons('signature algorithms, "ecdsa_secp256r1_sha256" for example'),
};
const options = group(shape);
const schema = reader((value) => complete(read(options, value)));

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseTargetOptions(input: TargetOptions = {}): ResolvedTargetOptions {
  return parseWith(schema, input);
}

function complete(given: Given<typeof shape>): ResolvedTargetOptions {
  const { host = '127.0.0.1', ports = [0], mode = 'echo', raw = false } = given;
  const { size = 64, maxPayload = 128 * MiB, compression = false } = given;
  return { host, ports, mode, raw, size, maxPayload, compression, identity: identityOf(given) };
}

function identityOf(given: Given<typeof shape>): ResolvedTargetOptions['identity'] {
  const { cert, key, ecdhCurve, sigalgs } = given;
  if (cert === undefined && key === undefined) {
    if (ecdhCurve !== undefined) throw new Rejection('nothing without "cert"', ['ecdhCurve']);
    if (sigalgs !== undefined) throw new Rejection('nothing without "cert"', ['sigalgs']);
    return undefined;
  }
  if (cert === undefined) throw new Rejection('the certificate of "key"', ['cert']);
  if (key === undefined) throw new Rejection('the private key of "cert"', ['key']);
  return { cert, key, ecdhCurve: ecdhCurve === 'auto' ? undefined : ecdhCurve, sigalgs };
}
