import type { Outbox } from '../channel/outbox.js';
import { type NativeLeases, native } from '../native.js';
import type { ResolvedLeaseOptions } from '../options/options.js';
import type { LeaseDurations } from './count.js';
import { LeakWatch, type LeaseReport } from './leaks.js';
import type { LeaseObservation, LeaseSubject } from './observation.js';
import { detectDeadlocks, ignoreDeadlocks } from './scope.js';
import { LeaseTrace } from './trace.js';

export interface CoordinatorOptions {
  /** Number of the worker's channel. */
  readonly channel: number;
  readonly side: 'main' | 'handler';
  readonly outbox: Outbox;
  readonly leases: ResolvedLeaseOptions;
  /** Undefined where nothing is counted. */
  readonly durations: LeaseDurations | undefined;
  /** Follows a lease that is being asked for, where somebody traces them. */
  readonly observe?: (subject: LeaseSubject) => LeaseObservation | undefined;
  /** Writes out what was sent on a connection, where this thread can. */
  readonly flush?: (slot: number, generation: number) => void;
  readonly report: (report: LeaseReport) => void;
  /** Waiting and holding are measured. */
  readonly userTiming: boolean;
}

/** The leases that one thread takes on one worker's connections. */
export class LeaseCoordinator {
  readonly native: NativeLeases;
  readonly side: 'main' | 'handler';
  readonly outbox: Outbox;
  readonly options: ResolvedLeaseOptions;
  readonly channel: number;
  readonly durations: LeaseDurations | undefined;
  readonly observe: CoordinatorOptions['observe'];
  readonly trace: LeaseTrace;
  readonly flush: CoordinatorOptions['flush'];
  readonly leaks: LeakWatch;
  #lastRequest = 0;

  constructor(options: CoordinatorOptions) {
    this.native = new native.Leases(options.channel, options.side);
    this.channel = options.channel;
    this.side = options.side;
    this.outbox = options.outbox;
    this.options = options.leases;
    this.durations = options.durations;
    this.observe = options.observe;
    this.trace = new LeaseTrace(options.userTiming);
    this.flush = options.flush;
    this.leaks = new LeakWatch(options.leases.leakDetectionThreshold, options.report);
    if (options.leases.detectDeadlocks) detectDeadlocks();
  }

  /** The worker is gone, or about to go, and all its connections have ended. Called once. */
  close(): void {
    this.native.close();
    if (this.options.detectDeadlocks) ignoreDeadlocks();
  }

  /** A number for a request that has to wait; they are 32 bits wide. */
  nextRequest(): number {
    this.#lastRequest = (this.#lastRequest % 0x7fff_ffff) + 1;
    return this.#lastRequest;
  }
}
