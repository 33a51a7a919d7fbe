import { type CompressionStats, compressionStats } from '../channel/compression-stats.js';
import { FIGURE, type FigureName, type FiguresRow } from '../channel/figures.js';
import type { TcpInfo } from '../lease/tcp-info.js';
import type { LeaseTls } from '../lease/tls.js';

/** State of a connection. `queued`: waiting for its turn to open, see `handshakesInFlight`. */
export type ConnectionState = 'queued' | 'opening' | 'open' | 'closing' | 'closed';

/** By number: Phase in native/core/net/connection.h. */
const STATES: readonly ConnectionState[] = [
  'closed',
  'queued',
  'opening',
  'open',
  'closing',
  'closing',
];

export function stateOf(number: number): ConnectionState {
  return STATES[number] ?? 'closed';
}

/**
 * When each phase of a connection began: milliseconds since the epoch, with fractions, as
 * `performance.timeOrigin + performance.now()`. Undefined: not yet, or the phase was skipped.
 */
export interface ConnectionPhases {
  /** `connect()` was called. */
  readonly requested: number | undefined;
  /** Its addresses were known. */
  readonly resolved: number | undefined;
  /** Its worker got it; from here on it waited for its turn, see `handshakesInFlight`. */
  readonly queued: number | undefined;
  /** The first attempt began. */
  readonly begun: number | undefined;
  /** TCP was connected. */
  readonly connected: number | undefined;
  /** The TLS handshake was done. */
  readonly secured: number | undefined;
  /** The upgrade was answered; on a raw connection as `secured` or `connected`. */
  readonly opened: number | undefined;
  /** The first message arrived. */
  readonly firstMessage: number | undefined;
  /** Bytes were last read: start of that turn of the worker's loop, in whole milliseconds. */
  readonly lastRead: number | undefined;
  /** Bytes were last written; as for `lastRead`. */
  readonly lastWrite: number | undefined;
}

/** Round trips of pings, milliseconds. */
export interface RoundTrips {
  /** The latest. */
  readonly last: number;
  /** The shortest. */
  readonly min: number;
  /** The longest. */
  readonly max: number;
  /** The mean of all. */
  readonly mean: number;
}

/** What was agreed on in the TLS handshake. */
export type TlsSummary = Pick<
  LeaseTls,
  'protocol' | 'cipher' | 'alpn' | 'servername' | 'verifyResult' | 'sessionReused'
>;

/**
 * Figures of a connection at one instant. Bytes are counted above TLS, with frame headers. Bytes that
 * holders of leases move themselves are not counted.
 */
export interface ConnectionStats {
  /** The id of the connection. */
  readonly id: string;
  /** Index of its worker. */
  readonly worker: number;
  /** Number of its handler's group in the worker; 0 without a handler. */
  readonly group: number;
  /** WebSocket, or the bytes of the socket. */
  readonly kind: 'ws' | 'raw';
  /** Whether it uses TLS. */
  readonly secure: boolean;
  /** Its state at that instant. */
  readonly state: ConnectionState;
  /** When each phase began. */
  readonly phases: ConnectionPhases;
  /** Addresses that were tried. */
  readonly attempts: number;
  /** Messages that were received; reads of a raw connection. */
  readonly messagesReceived: number;
  /** Messages that were sent; writes on a raw connection. */
  readonly messagesSent: number;
  /** Messages passed to `send()` while the connection was closing: they were not sent. */
  readonly messagesUnsent: number;
  /** Messages dropped while the connection was closing, because earlier ones were not read. */
  readonly messagesDiscarded: number;
  /** Bytes that were received. */
  readonly bytesReceived: number;
  /** Bytes that were sent. */
  readonly bytesSent: number;
  /** Messages that were compressed; see the option `compression`. */
  readonly compression: CompressionStats;
  /** Calls of the kernel or of OpenSSL that returned bytes. */
  readonly reads: number;
  /** Calls of the kernel or of OpenSSL that took bytes. */
  readonly writes: number;
  /** Bytes in the worker that the kernel has not taken yet. */
  readonly queuedBytes: number;
  /** The largest `queuedBytes` so far. */
  readonly queuedBytesMax: number;
  /** Pings and their round trips (RFC 6455 section 5.5.2). */
  readonly pings: {
    /** Pings from the peer. */
    readonly received: number;
    /** Pings to the peer. */
    readonly sent: number;
    /** Pongs to pings of this side. */
    readonly answered: number;
    /** Round trips of pings, milliseconds; undefined before the first pong. */
    readonly roundTrip: RoundTrips | undefined;
  };
  /** Leases, those of the main thread and of the handler together. Times in milliseconds. */
  readonly leases: {
    /** Leases that were granted. */
    readonly count: number;
    /** Time spent waiting for them, in total. */
    readonly waitTotal: number;
    /** The longest wait. */
    readonly waitMax: number;
    /** Time held, in total, of the leases that have ended. */
    readonly holdTotal: number;
    /** The longest time one of them was held. */
    readonly holdMax: number;
  };
  /** TCP_INFO; undefined unless asked for, or while another holder has an exclusive lease. */
  readonly tcp: TcpInfo | undefined;
  /** TLS; undefined on the same terms, and without TLS. */
  readonly tls: TlsSummary | undefined;
}

/** Options of `stats()` of a connection. */
export interface ConnectionStatsOptions {
  /** Reads TCP_INFO as well, under a shared lease if there is one at once. Default: false. */
  readonly tcp?: boolean | undefined;
  /** The same of what TLS agreed on. Default: false. */
  readonly tls?: boolean | undefined;
}

/** Whose connection it is. */
export interface Place {
  /** Number of its worker's channel. */
  readonly channel: number;
  readonly worker: number;
  readonly slot: number;
}

const WEB_SOCKET = 1;
const SECURE = 2;

/** @param offset see epochOffset() */
export function connectionStats(
  { figures, base }: FiguresRow,
  { channel, worker, slot }: Place,
  offset: number,
  more?: Pick<ConnectionStats, 'tcp' | 'tls'>,
): ConnectionStats {
  const figure = (name: FigureName) => figures[base + FIGURE[name]] as number;
  const time = (name: FigureName) => {
    const value = figure(name);
    return value > 0 ? value + offset : undefined;
  };
  const trips = figure('roundTrips');
  const traits = figure('traits');
  return Object.freeze({
    id: `${channel}.${slot}.${figure('generation')}`,
    worker,
    group: figure('group'),
    kind: (traits & WEB_SOCKET) !== 0 ? 'ws' : 'raw',
    secure: (traits & SECURE) !== 0,
    state: stateOf(figure('state')),
    phases: Object.freeze({
      requested: time('requested'),
      resolved: time('resolved'),
      queued: time('queued'),
      begun: time('begun'),
      connected: time('connected'),
      secured: time('secured'),
      opened: time('opened'),
      firstMessage: time('firstMessage'),
      lastRead: time('lastRead'),
      lastWrite: time('lastWrite'),
    }),
    attempts: figure('attempts'),
    messagesReceived: figure('messagesReceived'),
    messagesSent: figure('messagesSent'),
    messagesUnsent: figure('messagesUnsent') + figure('mainUnsent'),
    messagesDiscarded: figure('messagesDiscarded'),
    bytesReceived: figure('bytesReceived'),
    bytesSent: figure('bytesSent'),
    compression: compressionStats(figure),
    reads: figure('reads'),
    writes: figure('writes'),
    queuedBytes: figure('queuedBytes'),
    queuedBytesMax: figure('queuedBytesMax'),
    pings: Object.freeze({
      received: figure('pingsReceived'),
      sent: figure('pingsSent'),
      answered: trips,
      roundTrip:
        trips === 0
          ? undefined
          : Object.freeze({
              last: figure('roundTripLast'),
              min: figure('roundTripMin'),
              max: figure('roundTripMax'),
              mean: figure('roundTripTotal') / trips,
            }),
    }),
    leases: Object.freeze({
      count: figure('mainLeases') + figure('handlerLeases'),
      waitTotal: figure('mainWaitTotal') + figure('handlerWaitTotal'),
      waitMax: Math.max(figure('mainWaitMax'), figure('handlerWaitMax')),
      holdTotal: figure('mainHoldTotal') + figure('handlerHoldTotal'),
      holdMax: Math.max(figure('mainHoldMax'), figure('handlerHoldMax')),
    }),
    tcp: more?.tcp,
    tls: more?.tls,
  });
}
