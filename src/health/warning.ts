/** What each kind of warning knows besides its message. Times are milliseconds, sizes bytes. */
export interface WarningDetails {
  /** A worker's event loop does not turn: a handler, or another function of its thread, runs on. */
  WORKER_BLOCKED: {
    /** So far. */
    readonly blockedFor: number;
    /** What JavaScript the worker runs; undefined where that cannot be known. */
    readonly stack: string | undefined;
    /** Why there is no stack. */
    readonly noStack: string | undefined;
  };
  /** What has arrived on a connection is not taken. */
  CONNECTION_UNREAD: {
    readonly unreadFor: number;
    /** That wait for a listener. */
    readonly messages: number;
    /** That wait in the kernel, since the connection is paused. */
    readonly unread: number;
    readonly paused: boolean;
  };
  /** What is sent on a connection is more than what leaves. */
  SEND_QUEUE_GROWING: { readonly queuedBytes: number; readonly growingFor: number };
  /** The peer acknowledges nothing, not even that it lives. */
  PEER_UNRESPONSIVE: {
    readonly unresponsiveFor: number;
    /** Segments that were sent and not acknowledged. */
    readonly unacked: number;
    /** How often in a row they were sent again. */
    readonly retransmits: number;
  };
  LEASE_LEAKED: LeaseDetails;
  LEASE_OVERDUE: LeaseDetails;
  LEASE_RETURNED: LeaseDetails;
  /** A worker cannot be started yet; the pool goes on trying. */
  WORKER_NOT_STARTED: {
    /** The error number by its name, or ERR_WORKER_INIT_FAILED where Node.js names none. */
    readonly errno: string | undefined;
  };
  /** Threads of a pool that was destroyed wait in system calls, and go on until these return. */
  WORKER_STUCK: { readonly threads: number };
  /** A capture has stopped. */
  BIO_CAPTURE: object;
  /** A key log is not written any more. */
  KEYLOG: object;
  /** BIOs keep OpenSSL waiting. */
  BIO_RETRIES: object;
}

interface LeaseDetails {
  readonly mode: 'shared' | 'exclusive';
  readonly token: bigint;
  readonly label: string | undefined;
  readonly heldFor: number;
  /** Where it was taken. */
  readonly stack: string;
}

export type WarningCode = keyof WarningDetails;

/** As whoever finds trouble tells of it. */
export interface Trouble<Code extends WarningCode = WarningCode> {
  readonly code: Code;
  /** What is wrong, and what to do. */
  readonly message: string;
  /** Id of the connection. */
  readonly connection?: string | undefined;
  /** Index of the worker thread. */
  readonly worker?: number | undefined;
  readonly details: WarningDetails[Code];
}

interface Told {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Warnings of this code that were not told since the last one, since there were too many. */
  readonly suppressed: number;
}

/** Something that ends nothing and that somebody should look at; `code` says which details it has. */
export type PoolWarning = {
  readonly [Code in WarningCode]: Trouble<Code> & Told;
}[WarningCode];
