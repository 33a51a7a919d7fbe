import type { PlainError } from '../errors/errors.js';
import type { Heart } from '../health/heartbeat.js';
import type { Trouble } from '../health/warning.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { EndpointOptions } from '../native.js';
import type { WarningLimits } from '../options/limits.js';
import type { PollerName, ResolvedLeaseOptions } from '../options/options.js';

/**
 * What the main thread and a worker say to each other through their MessagePort: starting, groups,
 * stopping. Never messages of connections: those cross in native queues.
 */

/** The one lasting task of a worker. */
export interface ServiceTask {
  readonly port: import('node:worker_threads').MessagePort;
  readonly worker: number;
  readonly channel: number;
  readonly handshakesInFlight: number;
  /** See Wire. */
  readonly ceiling: number;
  readonly poller: PollerName;
  /** Events kept of each connection; 0: none. */
  readonly flightRecorder: number;
  readonly stats: boolean;
  readonly leases: ResolvedLeaseOptions;
  /** Undefined: no trouble is looked for. */
  readonly warnings: WarningLimits | undefined;
  readonly userTiming: boolean;
  /** In which beats are answered: of warnings, and of the main thread's deadlines. */
  readonly heart: Heart;
  readonly pulse: Heart;
}

/** A module of handlers, for a single connection or a group. */
export interface HandlerSpec {
  /** Counts from 1; commands and events name it so. */
  readonly group: number;
  /** A `file:` URL. */
  readonly handler: string;
  readonly data: unknown;
  readonly highWaterMark: number;
  /** What errors say of the peer: the URL, the host as asked for, the port. */
  readonly known: Readonly<Record<string, string>>;
}

/** Many connections of one handler, which belong to their workers. */
export interface GroupShare extends HandlerSpec {
  readonly endpoint: EndpointOptions;
  readonly count: number;
  /** Connections begun per second; undefined: as fast as the handshakes go. */
  readonly rate: number | undefined;
}

export type ToWorker =
  | { readonly type: 'open'; readonly share: GroupShare }
  | { readonly type: 'handle'; readonly spec: HandlerSpec }
  /** Modules of BIOs; answered by `handling` of that number. */
  | { readonly type: 'bios'; readonly group: number; readonly modules: readonly string[] }
  | { readonly type: 'post'; readonly group: number; readonly value: unknown }
  | {
      readonly type: 'close';
      readonly group: number;
      readonly code: number | undefined;
      readonly reason: string;
      /** The pool is being closed. */
      readonly withPool?: boolean;
    }
  | { readonly type: 'terminate'; readonly group: number }
  /** TCP_INFO of all connections; answered by `sampled`. */
  | { readonly type: 'sample'; readonly unread: boolean }
  /** The main thread wants to know whether it turns; answered in `pulse`. */
  | { readonly type: 'pulse'; readonly beat: number }
  /** Sent as long as it is answered; `round`: handlers' connections are to be looked at as well. */
  | { readonly type: 'beat'; readonly beat: number; readonly round: boolean }
  | { readonly type: 'stop' };

/** How often a failure happened, with one of its messages. */
export interface Tally {
  /** How often it happened. */
  count: number;
  /** Message of one of the errors. */
  readonly message: string;
}

/** What happened to a group's connections in one worker since the last report. */
export interface GroupReport {
  readonly opened: number;
  readonly failed: ReadonlyMap<string, Tally>;
  readonly closed: number;
  /** Of those closed: the ones that ended with an error. */
  readonly errors: ReadonlyMap<string, Tally>;
}

export type FromWorker =
  | { readonly type: 'started'; readonly thread: number }
  /** Its modules cannot be loaded. */
  | { readonly type: 'unstarted'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'handling'; readonly group: number; readonly error?: PlainError }
  | { readonly type: 'report'; readonly group: number; readonly report: GroupReport }
  | { readonly type: 'post'; readonly group: number; readonly value: unknown }
  /** A handler threw where there was no connection to close. */
  | { readonly type: 'threw'; readonly error: PlainError }
  /** A handler's lease was lost, or is held for long. */
  | { readonly type: 'lease'; readonly report: LeaseReport }
  | { readonly type: 'sampled' }
  | { readonly type: 'warning'; readonly trouble: Trouble }
  | { readonly type: 'stopped' };
