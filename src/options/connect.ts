import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { createError } from '../errors/errors.js';
import type { ResolvedBio } from './bio.js';
import { type CompressionOptions, compression, type ResolvedCompression } from './compression.js';
import { type Header, mergeHeaders, type ReadHeaders, readHeaders, readOrigin } from './headers.js';
import { readAddresses, readData, readHandler, readProtocols } from './readers.js';
import type { ResolvedTlsOptions } from './resolved-tls.js';
import {
  complete,
  fitting,
  flag,
  type Given,
  group,
  integer,
  needed,
  parseWith,
  reader,
  signal,
} from './schema.js';
import { mergeTls, type TlsOptions, tlsSchema } from './tls.js';

/** The shape of `dns.lookup` as it is called here: always with `all: true`. */
export type LookupFunction = (
  hostname: string,
  options: LookupAllOptions,
  callback: (
    error: NodeJS.ErrnoException | null,
    addresses: string | LookupAddress[],
    family?: number,
  ) => void,
) => void;

/** Options of `pool.connect()`. Defaults come from the option `connect` of the pool. */
export interface ConnectOptions {
  /** Subprotocols to offer, the preferred first (RFC 6455 section 1.9). */
  protocols?: string | readonly string[] | undefined;
  /**
   * Whether the server has to choose one of `protocols`: if it chooses none, the opening fails with
   * ERR_SUBPROTOCOL. Default: false, as RFC 6455 has it; the package `ws` and browsers insist.
   */
  requireProtocol?: boolean | undefined;
  /**
   * Further header fields of the handshake; one with several values is sent several times. Values are
   * Latin-1. `User-Agent` is `lws-pool/VERSION` unless you give another. With null no field of that
   * name is sent: neither the pool's, nor `User-Agent`, nor the `Authorization` of the URL.
   */
  headers?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  /**
   * Keeps the header fields of the response to the upgrade: `connection.upgradeHeaders`. An
   * `UpgradeError` always has those of its response. Default: false.
   */
  keepHeaders?: boolean | undefined;
  /** The `Origin` header (RFC 6454): `https://example.com`. */
  origin?: string | undefined;
  /** See {@link TlsOptions}; for `wss:` only. */
  tls?: TlsOptions | undefined;
  /**
   * Time for the name lookup, and as much again for each of: waiting for a responsive worker, loading
   * a handler, and opening the connection. Waiting for a turn among the handshakes does not count.
   * Milliseconds, 10,000.
   */
  timeout?: number | undefined;
  /**
   * Time for the peer to respond to a close frame, from when the kernel has taken the frame. Until
   * then, the connection is cut only if the peer took less than 1,024 bytes a second for that long.
   * Milliseconds, 10,000.
   */
  closeTimeout?: number | undefined;
  /**
   * Compresses messages (permessage-deflate, RFC 7692), if the server agrees: `connection.extensions`.
   * Default: false, since it costs the CPU more than all else that is done with a message.
   */
  compression?: boolean | CompressionOptions | undefined;
  /** Aborts the opening; has no effect on an open connection. */
  signal?: AbortSignal | undefined;
  /** Local addresses to connect from; of a list, each connection takes the next. */
  localAddress?: string | readonly string[] | undefined;
  /** Largest incoming message. Bytes, 16 MiB. */
  maxPayload?: number | undefined;
  /**
   * `send()` returns false while more than this waits to be sent, and the socket is not read while more
   * than this waits to be read. Bytes, 128 KiB. See docs/memory.md.
   */
  highWaterMark?: number | undefined;
  /** Replaces `dns.lookup`. */
  lookup?: LookupFunction | undefined;
  /** Module that handles the connection in its worker: a `file:` URL or an absolute path. */
  handler?: string | URL | undefined;
  /** Passed to the handler's `open`; copied by the structured clone algorithm at the call. */
  data?: unknown;
}

/** Options of `pool.connectMany()`. */
export interface ConnectManyOptions extends ConnectOptions {
  /** How many connections to open. */
  count: number;
  /** Ends the whole group, connections that are opening or open. */
  signal?: AbortSignal | undefined;
  /** How many to begin per second. Default: no limit but `handshakesInFlight`. */
  rate?: number | undefined;
}

/** Connect options complete, copied and in one form. */
export interface ResolvedConnectOptions {
  readonly protocols: readonly string[];
  readonly requireProtocol: boolean;
  /** Neither reserved ones nor Origin. */
  readonly headers: readonly Header[];
  readonly origin: string | undefined;
  readonly keepHeaders: boolean;
  readonly tls: ResolvedTlsOptions;
  /** The option `tls.servername`; undefined: the URL's host. */
  readonly servername: string | undefined;
  /** The option `tls.bio`. */
  readonly bios: readonly ResolvedBio[];
  readonly timeout: number;
  readonly closeTimeout: number;
  /** False: no extension is offered. */
  readonly compression: ResolvedCompression | false;
  readonly signal: AbortSignal | undefined;
  /** Empty: the kernel chooses. */
  readonly localAddress: readonly string[];
  readonly maxPayload: number;
  readonly highWaterMark: number;
  /** Undefined: `dns.lookup`. */
  readonly lookup: LookupFunction | undefined;
  /** A `file:` URL. */
  readonly handler: string | undefined;
  readonly data: unknown;
}

export interface ResolvedConnectManyOptions extends ResolvedConnectOptions {
  readonly handler: string;
  readonly count: number;
  readonly rate: number | undefined;
}

/** Connect options when neither pool nor call says otherwise; `tls` are the pool's. */
export function defaultConnectOptions(tls: ResolvedTlsOptions): ResolvedConnectOptions {
  return {
    protocols: [],
    requireProtocol: false,
    headers: [],
    origin: undefined,
    keepHeaders: false,
    tls,
    servername: undefined,
    bios: [],
    timeout: 10_000,
    closeTimeout: 10_000,
    compression: false,
    signal: undefined,
    localAddress: [],
    maxPayload: 16 * 1024 * 1024,
    highWaterMark: 128 * 1024,
    lookup: undefined,
    handler: undefined,
    data: undefined,
  };
}

/** Longest delay of a Node timer, and largest count that native code takes. */
const INT32_MAX = 2 ** 31 - 1;

const isFunction = (value: unknown) => typeof value === 'function';
const milliseconds = integer(1, INT32_MAX, ' (milliseconds)');

const shape = {
  protocols: reader<readonly string[]>(readProtocols),
  requireProtocol: flag,
  headers: reader<ReadHeaders>(readHeaders),
  origin: reader((value) => readOrigin(value)),
  keepHeaders: flag,
  tls: tlsSchema,
  timeout: milliseconds,
  closeTimeout: milliseconds,
  compression,
  localAddress: reader<readonly string[]>(readAddresses),
  maxPayload: integer(1, INT32_MAX, ' (bytes)'),
  highWaterMark: integer(0, INT32_MAX, ' (bytes)'),
  lookup: fitting<LookupFunction>('a function like dns.lookup', isFunction),
  handler: reader<string>(readHandler),
  data: reader(readData),
};

/** Where options known from elsewhere are found here. */
const ELSEWHERE = {
  ...Object.fromEntries(Object.keys(tlsSchema.shape).map((name) => [name, `tls.${name}`])),
  handshakeTimeout: 'timeout',
  perMessageDeflate: 'compression',
  protocol: 'protocols',
  subprotocols: 'protocols',
};

/** What a pool takes as defaults: all but the signal, which belongs to one call. */
export const connectDefaultsSchema = group(shape, ELSEWHERE);
const connectSchema = group({ ...shape, signal }, ELSEWHERE);
const connectManySchema = group(
  {
    ...shape,
    signal,
    count: needed(integer(1, 1_000_000)),
    rate: fitting<number>(
      'a number above 0 and up to 1000000 (connections per second)',
      (value) => typeof value === 'number' && value > 0 && value <= 1_000_000,
    ),
  },
  ELSEWHERE,
);

/**
 * Validates the options of one `connect()` and completes them.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_HEADER
 */
export function parseConnectOptions(
  input: ConnectOptions | undefined,
  defaults: ResolvedConnectOptions,
): ResolvedConnectOptions {
  if (input === undefined) return defaults;
  const given = parseWith(connectSchema, input);
  return withProtocols(mergeConnect(given, defaults), given.requireProtocol);
}

/**
 * Validates the options of one `connectMany()` and completes them.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_HEADER
 */
export function parseConnectManyOptions(
  input: ConnectManyOptions,
  defaults: ResolvedConnectOptions,
): ResolvedConnectManyOptions {
  const { count, rate, ...given } = parseWith(connectManySchema, input);
  const merged = withProtocols(mergeConnect(given, defaults), given.requireProtocol);
  const { handler } = merged;
  if (handler === undefined) {
    throw createError('ERR_INVALID_OPTION', {
      option: 'handler',
      got: 'undefined',
      takes: 'the module that handles the connections: a file: URL or an absolute path',
    });
  }
  return { ...merged, handler, count, rate };
}

/** A call that insists on a protocol has to offer one; a pool's default waits for calls that do. */
function withProtocols(
  merged: ResolvedConnectOptions,
  required: boolean | undefined,
): ResolvedConnectOptions {
  if (required === true && merged.protocols.length === 0) {
    throw createError('ERR_INVALID_OPTION', {
      option: 'requireProtocol',
      got: 'true',
      takes: 'true only together with "protocols" to choose from',
    });
  }
  return merged;
}

/** Completes what one of the schemas has read; TLS options and headers one by one. */
export function mergeConnect(
  given: Given<typeof shape>,
  defaults: ResolvedConnectOptions,
): ResolvedConnectOptions {
  if (given.origin !== undefined && given.headers?.origin !== undefined) {
    throw createError('ERR_INVALID_OPTION', {
      option: 'origin',
      got: 'both',
      takes: 'the origin, or "headers" take it as "Origin", not both',
    });
  }
  return complete(
    {
      ...given,
      headers: mergeHeaders(given.headers?.list ?? [], defaults.headers),
      origin: given.origin ?? given.headers?.origin,
      tls: mergeTls(given.tls, defaults.tls),
      servername: given.tls?.servername,
      bios: given.tls?.bio,
    },
    defaults,
  );
}
