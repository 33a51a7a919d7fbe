/** Details of a {@link PoolWarning}, by its code. Times are milliseconds, sizes bytes. */
export interface WarningDetails {
  /** The event loop of a worker is blocked, by a handler or another function of its thread. */
  WORKER_BLOCKED: {
    /** How long it has been blocked so far. */
    readonly blockedFor: number;
    /** Stack of the JavaScript that the worker runs; undefined where it is unknown. */
    readonly stack: string | undefined;
    /** Why there is no stack. */
    readonly noStack: string | undefined;
  };
  /** Messages of a connection are not read. */
  CONNECTION_UNREAD: {
    /** How long nothing has been read. */
    readonly unreadFor: number;
    /** Messages that wait for a listener. */
    readonly messages: number;
    /** Bytes that wait in the kernel while the connection is paused. */
    readonly unread: number;
    /** Whether the connection is paused. */
    readonly paused: boolean;
  };
  /** A connection sends more than its peer takes. */
  SEND_QUEUE_GROWING: {
    /** Bytes that wait to be sent. */
    readonly queuedBytes: number;
    /** How long they have not become fewer. */
    readonly growingFor: number;
  };
  /** The peer acknowledges nothing, not even keep-alive probes. */
  PEER_UNRESPONSIVE: {
    /** How long nothing has been acknowledged. */
    readonly unresponsiveFor: number;
    /** Segments that were sent and not acknowledged. */
    readonly unacked: number;
    /** How many times in a row they were sent again. */
    readonly retransmits: number;
  };
  /** A lease was lost by its holder, and released by the pool. */
  LEASE_LEAKED: LeaseWarningDetails;
  /** A lease has been held for longer than `leakDetectionThreshold`. */
  LEASE_OVERDUE: LeaseWarningDetails;
  /** An overdue lease has ended. */
  LEASE_RETURNED: LeaseWarningDetails;
  /** A worker cannot be started yet; the pool keeps trying. */
  WORKER_NOT_STARTED: {
    /** The error number by its name, or ERR_WORKER_INIT_FAILED where Node.js names none; undefined where it refuses threads. */
    readonly errno: string | undefined;
  };
  /** Threads of a destroyed pool are still in system calls, and end only when these return. */
  WORKER_STUCK: {
    /** Number of such threads. */
    readonly threads: number;
  };
  /** The capture of a connection has stopped. */
  BIO_CAPTURE: object;
  /** The key log can no longer be written. */
  KEYLOG: object;
  /** BIOs of a connection keep OpenSSL waiting. */
  BIO_RETRIES: object;
}

/** Details of warnings about leases. Times are milliseconds. */
export interface LeaseWarningDetails {
  /** Mode of the lease. */
  readonly mode: 'shared' | 'exclusive';
  /** Its fencing token, see {@link Lease.token}. */
  readonly token: bigint;
  /** The option `label`. */
  readonly label: string | undefined;
  /** Time since it was granted. */
  readonly heldFor: number;
  /** Stack of the call that took it. */
  readonly stack: string;
}

/** Stable code of a {@link PoolWarning}; docs/monitoring.md has a line for each. */
export type WarningCode = keyof WarningDetails;

/** A warning as it is found, before it is told. */
export interface Trouble<Code extends WarningCode = WarningCode> {
  /** Stable code of the warning. */
  readonly code: Code;
  /** The problem, and a remedy. */
  readonly message: string;
  /** Id of the connection; undefined where it is about none. */
  readonly connection?: string | undefined;
  /** Index of the worker thread; undefined where it is about none. */
  readonly worker?: number | undefined;
  /** Details, by its code. */
  readonly details: WarningDetails[Code];
}

/** Added to a warning when it is told. */
interface Told {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Warnings of this code suppressed since the last one, because there were too many. */
  readonly suppressed: number;
}

/** A warning with a code. */
export interface WarningOf<Code extends WarningCode> extends Trouble<Code>, Told {}

/** A problem that ends no connection, but needs attention; `code` selects the type of `details`. */
export type PoolWarning = { readonly [Code in WarningCode]: WarningOf<Code> }[WarningCode];
