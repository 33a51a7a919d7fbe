import { endedWithPool } from '../channel/failure.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { MainFigures } from '../observe/stats/main-figures.js';
import type { GroupReport, GroupShare, ToWorker } from '../workers/control.js';
import { Tallies } from '../workers/tally.js';
import type { PoolWorker } from './worker.js';

/** The connections of a group in one worker. */
interface Share {
  readonly worker: PoolWorker;
  readonly count: number;
  /** Its worker has loaded the handler, and begins its connections. */
  handling: boolean;
  opened: number;
  failed: number;
  closed: number;
  /** In the worker, opening or open, as far as it has said. */
  left: number;
  /** When it was first seen ending while its worker did not answer; of `performance.now()`. */
  endingSince: number | undefined;
  /** It was counted as ended, and its worker knows nothing of that yet. */
  settled: boolean;
}

/** What the pool knows of a group when it begins. */
export interface GroupFacts {
  readonly id: number;
  readonly count: number;
  readonly url: string;
  readonly figures: MainFigures;
  readonly closeTimeout: number;
}

/** The connections of a group, as its workers report of them. */
export class GroupMembers {
  readonly facts: GroupFacts;
  readonly failed = new Tallies();
  readonly errors = new Tallies();
  /** Resolves once every connection has opened or failed. */
  readonly ready: Promise<void>;
  /** Resolves once all opened connections have closed, and none is opening. */
  readonly closed: Promise<void>;
  opened = 0;
  closedCount = 0;
  /** Called with what its handlers post. */
  onPost: ((value: unknown, worker: number) => void) | undefined;
  readonly #shares = new Map<PoolWorker, Share>();
  /** How it was told to end. */
  #ending: 'close' | 'terminate' | undefined;
  #resolveReady!: () => void;
  #resolveClosed!: () => void;

  constructor(facts: GroupFacts) {
    this.facts = facts;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Has a worker open its share. */
  begin(worker: PoolWorker, share: GroupShare): void {
    const { count } = share;
    this.#shares.set(worker, {
      worker,
      count,
      handling: false,
      left: count,
      opened: 0,
      failed: 0,
      closed: 0,
      endingSince: undefined,
      settled: false,
    });
    worker.addConnections(count);
    worker.post({ type: 'open', share });
  }

  /** The first worker that has not loaded the handler. */
  get loading(): PoolWorker | undefined {
    for (const { worker, handling } of this.#shares.values()) if (!handling) return worker;
    return undefined;
  }

  /** Whether no worker has anything of it any more. */
  get isDone(): boolean {
    for (const { left } of this.#shares.values()) if (left > 0) return false;
    return true;
  }

  get workers(): Iterable<PoolWorker> {
    return this.#shares.keys();
  }

  /** Passes a message to every worker of the group. */
  post(message: ToWorker): void {
    for (const worker of this.workers) {
      if (worker.alive) worker.post(message);
    }
  }

  /** Closes all connections with a close handshake, and opens no more. */
  close(code: number | undefined, reason: string): void {
    this.#ending ??= 'close';
    this.post({ type: 'close', group: this.facts.id, code, reason });
  }

  /** Ends all connections at once, and opens no more. */
  terminate(): void {
    this.#ending = 'terminate';
    this.post({ type: 'terminate', group: this.facts.id });
  }

  /** What is not open yet is given up with ERR_POOL_CLOSED. */
  onPoolClosing(): void {
    this.post({ type: 'close', group: this.facts.id, code: 1001, reason: '', withPool: true });
  }

  /** Its worker has loaded the handler. */
  onHandling(worker: PoolWorker): void {
    const share = this.#shares.get(worker);
    if (share !== undefined) share.handling = true;
  }

  /**
   * Nobody will have it. Workers that have not loaded the handler have begun nothing, and may never
   * say so: their shares count no more.
   */
  giveUp(error: LwsPoolError): void {
    this.terminate();
    for (const share of this.#shares.values()) {
      if (share.handling || share.settled || share.left === 0) continue;
      share.settled = true;
      share.worker.addConnections(-share.left);
      share.left = 0;
      this.#lose(share, error, undefined);
    }
  }

  onReport(worker: PoolWorker, report: GroupReport): void {
    const share = this.#shares.get(worker);
    if (share === undefined) return;
    let failed = 0;
    for (const { count } of report.failed.values()) failed += count;
    if (share.settled) {
      // It was told already; what is new is that there is room in the worker, if anything was left.
      const gone = Math.min(share.left, failed + report.closed);
      share.left -= gone;
      worker.addConnections(-gone);
      return;
    }
    const { figures } = this.facts;
    for (const [code, { count }] of report.failed) figures.failed(code, count);
    for (const [code, { count }] of report.errors) figures.ended(code, count);
    share.opened += report.opened;
    share.failed += failed;
    share.closed += report.closed;
    share.left -= failed + report.closed;
    this.opened += report.opened;
    this.closedCount += report.closed;
    this.failed.merge(report.failed);
    this.errors.merge(report.errors);
    worker.addConnections(-failed - report.closed);
    this.#settle();
  }

  /**
   * The worker does not answer. What it was told to close, and had the time for, or to end at once,
   * counts as ended; what it says of it later is not told any more.
   */
  settleOverdue(worker: PoolWorker): void {
    const share = this.#shares.get(worker);
    if (share === undefined || share.settled || this.#ending === undefined) return;
    const now = performance.now();
    share.endingSince ??= now;
    const { url, closeTimeout: timeout } = this.facts;
    if (this.#ending === 'close' && now - share.endingSince < timeout) return;
    share.settled = true;
    const details = { url, worker: worker.index };
    this.#lose(
      share,
      createError('ERR_ABORTED', details),
      this.#ending === 'close'
        ? createError('ERR_CLOSE_TIMEOUT', { ...details, timeout })
        : undefined,
    );
  }

  /** The handler could not be loaded, or the worker is gone. */
  onWorkerLost(worker: PoolWorker, error: LwsPoolError): void {
    const share = this.#shares.get(worker);
    if (share === undefined) return;
    if (worker.alive) worker.addConnections(-share.left);
    share.left = 0;
    if (!share.settled) this.#lose(share, error, endedWithPool(error, { url: this.facts.url }));
  }

  #lose(share: Share, failure: LwsPoolError, error: LwsPoolError | undefined): void {
    const { figures } = this.facts;
    const unopened = share.count - share.opened - share.failed;
    const open = share.opened - share.closed;
    this.failed.add(failure.code, unopened, failure.message);
    figures.failed(failure.code, unopened);
    if (error !== undefined) {
      this.errors.add(error.code, open, error.message);
      figures.ended(error.code, open);
    }
    share.failed += unopened;
    share.closed += open;
    this.closedCount += open;
    this.#settle();
  }

  #settle(): void {
    let failed = 0;
    for (const share of this.#shares.values()) failed += share.failed;
    if (this.opened + failed < this.facts.count) return;
    this.#resolveReady();
    if (this.closedCount === this.opened) this.#resolveClosed();
  }
}
