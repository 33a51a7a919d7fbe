import { lookup } from 'node:dns/promises';
import { checkProcess } from '../addon/process.js';
import { createError } from '../errors/errors.js';
import {
  type NativeChannel,
  type NativeService,
  type NativeTlsContext,
  native,
} from '../native.js';
import {
  parseTargetOptions,
  type ResolvedTargetOptions,
  type TargetIdentity,
  type TargetOptions,
} from '../options/target.js';
import { listenError } from './listen-error.js';

/** Counts of all connections of a target since it began to listen. */
export interface TargetCounts {
  /** Connections that were opened, those that have ended included. */
  readonly opened: number;
  /** Connections that have ended. */
  readonly closed: number;
  /** Messages that were received; reads of a raw target. */
  readonly messages: number;
  /** Bytes of their payloads. */
  readonly bytes: number;
}

/** A server to test clients with; {@link createTarget} starts one. It keeps its process alive. */
export interface Target {
  /** As in the options. */
  readonly host: string;
  /** The ports it listens on, in the order of the options. */
  readonly ports: readonly number[];
  /** A URL for each port; those of a raw target with TLS begin with `tls:`. */
  readonly urls: readonly string[];
  /** Returns the counts so far; after `close()`, the final ones. */
  counts(): TargetCounts;
  /** Ends all connections at once and listens no more. May be called again. */
  close(): Promise<void>;
  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server in this process, to test clients and connections with: libwebsockets listens on the
 * event loop of the calling thread, and serves its connections without JavaScript per message. Do not
 * use it in production: it limits neither its connections nor their cost.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION; ERR_TLS_OPTION for a certificate, key or algorithm that
 *   OpenSSL cannot use; ERR_LISTEN where it cannot listen on the host and all of the ports; as a rejection
 */
export async function createTarget(options?: TargetOptions): Promise<Target> {
  checkProcess();
  const resolved = parseTargetOptions(options);
  const { host, ports } = resolved;
  const target = new ListeningTarget(resolved, await addressOf(resolved));
  const refused = ports[target.ports.findIndex((port) => port <= 0)];
  if (refused === undefined) return target;
  await target.close();
  throw await listenError(host, target.address, refused);
}

/** Slots cost nothing until they are used. */
const MOST_CONNECTIONS = 1_000_000;
/** How long a client may take for its request. Milliseconds. */
const REQUEST_TIMEOUT = 10_000;

/** The service that drives clients drives the connections of a target, too. */
class ListeningTarget implements Target {
  readonly host: string;
  readonly address: string;
  readonly ports: readonly number[];
  readonly urls: readonly string[];
  readonly #channel: NativeChannel;
  readonly #service: NativeService;
  #counts: TargetCounts | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedTargetOptions, address: string) {
    const { identity, mode, raw, maxPayload, size, compression } = options;
    const context = identity === undefined ? undefined : contextOf(identity);
    // A service has its connections from a channel; nobody is at this one's other end.
    this.#channel = new native.Channel(MOST_CONNECTIONS, () => undefined, false, 2 ** 31 - 1);
    // Nor has it any BIO.
    this.#service = new native.Service(
      this.#channel.key,
      1,
      () => undefined,
      () => 0,
      false,
    );
    const endpoint = new native.Endpoint({
      kind: raw ? 'raw' : 'ws',
      server: true,
      tls: context?.number ?? 0,
      maxPayload,
      deflate: raw || compression === false ? undefined : compression,
      timeout: REQUEST_TIMEOUT,
    });
    this.host = options.host;
    this.address = address;
    this.ports = options.ports.map((port) =>
      this.#service.listen(endpoint, address, port, mode, size),
    );
    this.urls = this.ports.map((port) => urlOf(options, port));
  }

  counts(): TargetCounts {
    return this.#counts ?? this.#service.counts();
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      // The service has none any more.
      this.#counts = this.#service.counts();
      this.#service.close(() => {
        this.#channel.close();
        resolve();
      });
    });
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function addressOf({ host, ports }: ResolvedTargetOptions): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    const { code: errno, syscall } = cause as NodeJS.ErrnoException;
    throw createError('ERR_LISTEN', { host, port: ports[0], errno, syscall }, { cause });
  }
}

function contextOf({ cert, key, ecdhCurve, sigalgs }: TargetIdentity): NativeTlsContext {
  try {
    return new native.TlsContext({ server: true, cert: [cert], key: [key], ecdhCurve, sigalgs });
  } catch (cause) {
    const { option, message: reason } = cause as { option?: string; message: string };
    const details = { ...(option !== undefined && { option }), reason };
    throw createError('ERR_TLS_OPTION', details, { cause });
  }
}

/** Under which clients of this machine find it. */
function urlOf({ host, raw, identity }: ResolvedTargetOptions, port: number): string {
  const scheme = raw ? (identity ? 'tls' : 'tcp') : identity ? 'wss' : 'ws';
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}${raw ? '' : '/'}`;
}
