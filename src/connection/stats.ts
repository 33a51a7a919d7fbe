import { FIGURE, type FigureName, type FiguresRow } from '../channel/figures.js';
import type { TcpInfo } from '../lease/tcp-info.js';
import type { LeaseTls } from '../lease/tls.js';

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
 * When a connection came so far: milliseconds since the epoch, with fractions, as
 * `performance.timeOrigin + performance.now()`. Undefined: not yet, or it was skipped.
 */
export interface ConnectionPhases {
  /** `connect()` was called. */
  readonly requested: number | undefined;
  /** Its addresses were known. */
  readonly resolved: number | undefined;
  /** Its worker was to open it; from here on it waited for its place among the handshakes. */
  readonly queued: number | undefined;
  /** The first attempt began. */
  readonly begun: number | undefined;
  /** TCP stood. */
  readonly connected: number | undefined;
  /** The TLS handshake was done. */
  readonly secured: number | undefined;
  /** The upgrade was answered; on a raw connection the same as the one before. */
  readonly opened: number | undefined;
  readonly firstMessage: number | undefined;
  /** Of the turn of the worker's loop; whole milliseconds. */
  readonly lastRead: number | undefined;
  /** The same. */
  readonly lastWrite: number | undefined;
}

/** Round trips of pings, milliseconds. */
export interface RoundTrips {
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** What was agreed on in the TLS handshake. */
export type TlsSummary = Pick<
  LeaseTls,
  'protocol' | 'cipher' | 'alpn' | 'servername' | 'verifyResult' | 'sessionReused'
>;

/**
 * A connection at one instant. Bytes are those above TLS, frame headers included; what holders of
 * leases move themselves is not counted.
 */
export interface ConnectionStats {
  readonly id: string;
  /** Index of its worker. */
  readonly worker: number;
  /** Of handlers in the worker; 0: none. */
  readonly group: number;
  readonly kind: 'ws' | 'raw';
  readonly secure: boolean;
  readonly state: ConnectionState;
  readonly phases: ConnectionPhases;
  /** Addresses that were tried. */
  readonly attempts: number;
  /** Of a raw connection: reads. */
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** `send()` was called too late for them: the connection was closing. */
  readonly messagesUnsent: number;
  /** They came while the connection was closing, and nobody took what had come before. */
  readonly messagesDiscarded: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Calls of the kernel or of OpenSSL that gave something. */
  readonly reads: number;
  /** Those that took something. */
  readonly writes: number;
  /** Bytes in the worker that the kernel has not taken yet. */
  readonly queuedBytes: number;
  /** The most there ever were. */
  readonly queuedBytesMax: number;
  readonly pings: {
    readonly received: number;
    readonly sent: number;
    readonly answered: number;
    /** Undefined before the first pong. */
    readonly roundTrip: RoundTrips | undefined;
  };
  /** Of the main thread and of the handler together; milliseconds. */
  readonly leases: {
    readonly count: number;
    readonly waitTotal: number;
    readonly waitMax: number;
    /** Of those that have ended. */
    readonly holdTotal: number;
    readonly holdMax: number;
  };
  /** Where it was asked for, and nobody else had an exclusive lease. */
  readonly tcp: TcpInfo | undefined;
  /** The same. */
  readonly tls: TlsSummary | undefined;
}

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
    messagesUnsent: figure('messagesUnsent') + figure('ownerUnsent'),
    messagesDiscarded: figure('messagesDiscarded'),
    bytesReceived: figure('bytesReceived'),
    bytesSent: figure('bytesSent'),
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
      count: figure('ownerLeases') + figure('handlerLeases'),
      waitTotal: figure('ownerWaitTotal') + figure('handlerWaitTotal'),
      waitMax: Math.max(figure('ownerWaitMax'), figure('handlerWaitMax')),
      holdTotal: figure('ownerHoldTotal') + figure('handlerHoldTotal'),
      holdMax: Math.max(figure('ownerHoldMax'), figure('handlerHoldMax')),
    }),
    tcp: more?.tcp,
    tls: more?.tls,
  });
}
