import { lookup } from 'node:dns/promises';
import { createError } from '../errors/errors.js';
import {
  type NativeChannel,
  type NativeService,
  type NativeTlsContext,
  native,
} from '../native.js';
import type { ServerIdentity } from './identity.js';
import { ListenError, listenError } from './listen-error.js';
import type { TargetMode } from './modes.js';

export interface TargetOptions {
  readonly host: string;
  /** 0: the kernel chooses. Local ports run out towards each by itself. */
  readonly ports: readonly number[];
  readonly mode: TargetMode;
  /** Takes the bytes of the socket as they are, in place of WebSocket. */
  readonly raw: boolean;
  /** Bytes of each message that floods. */
  readonly size: number;
  /** Bytes of the largest message that is taken. */
  readonly maxPayload: number;
  /** Undefined: without TLS. */
  readonly identity: ServerIdentity | undefined;
}

export interface TargetCounts {
  readonly opened: number;
  readonly closed: number;
  readonly messages: number;
  readonly bytes: number;
}

/** Slots cost nothing until they are used. */
const MOST_CONNECTIONS = 1_000_000;
/** How long a client may take for its request. Milliseconds. */
const REQUEST_TIMEOUT = 10_000;

/**
 * A server to test clients and connections with, without any JavaScript per message: libwebsockets
 * listens on this thread's own loop, and the service that drives clients drives its connections.
 */
export class Target {
  readonly host: string;
  /** In the order of the options. */
  readonly ports: readonly number[];
  readonly urls: readonly string[];
  readonly #channel: NativeChannel;
  readonly #service: NativeService;

  private constructor(options: TargetOptions, address: string) {
    const { identity, mode, raw, maxPayload, size } = options;
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
      timeout: REQUEST_TIMEOUT,
    });
    this.host = options.host;
    this.ports = options.ports.map((port) =>
      this.#service.listen(endpoint, address, port, mode, size),
    );
    this.urls = this.ports.map((port) => urlOf(options, port));
  }

  /** @throws ListenError, LwsPoolError ERR_TLS_OPTION */
  static async listen(options: TargetOptions): Promise<Target> {
    const { host, ports } = options;
    const address = await lookup(host).then(
      (found) => found.address,
      () => undefined,
    );
    if (address === undefined)
      throw new ListenError(host, ports[0] ?? 0, 'the name has no address');
    const target = new Target(options, address);
    const refused = ports[target.ports.findIndex((port) => port <= 0)];
    if (refused === undefined) return target;
    await target.close();
    throw await listenError(address, refused);
  }

  counts(): TargetCounts {
    return this.#service.counts();
  }

  /** Ends all connections at once and listens no more. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#service.close(() => {
        this.#channel.close();
        resolve();
      });
    });
  }
}

function contextOf({ cert, key }: ServerIdentity): NativeTlsContext {
  try {
    return new native.TlsContext({ server: true, cert: [cert], key: [key] });
  } catch (cause) {
    const { option } = cause as { option?: string };
    throw createError('ERR_TLS_OPTION', option === undefined ? {} : { option }, { cause });
  }
}

/** Under which clients of this machine find it. */
function urlOf({ host, raw, identity }: TargetOptions, port: number): string {
  const scheme = raw ? (identity ? 'tls' : 'tcp') : identity ? 'wss' : 'ws';
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}${raw ? '' : '/'}`;
}
