import { EventEmitter } from 'node:events';
import { endedWithPool } from '../channel/failure.js';
import { bytesOf, type Data } from '../channel/link.js';
import { binaryOf, type SendOptions } from '../channel/send-options.js';
import { createError, type ErrorCode, type LwsPoolError } from '../errors/errors.js';
import { madeBy } from '../errors/made-by.js';
import { MainFigures } from '../observe/stats/main-figures.js';
import { parseCloseArguments } from '../options/close-arguments.js';
import { cloning } from '../workers/cloning.js';
import type { GroupReport, GroupShare, Tally, ToWorker } from '../workers/control.js';
import { Tallies } from '../workers/tally.js';
import type { PoolWorker } from './worker.js';

/** Events of a {@link ConnectionGroup}, with the arguments of their listeners. */
export interface GroupEvents {
  /** A value that a handler sent with `context.post()`, and the index of its worker. */
  post: [value: unknown, worker: number];
}

/** How often each failure has happened, with one of its messages. */
export type Failures = ReadonlyMap<ErrorCode, Readonly<Tally>>;

/** What one worker has of the group. */
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
interface GroupFacts {
  readonly id: number;
  readonly count: number;
  readonly url: string;
  readonly figures: MainFigures;
  readonly closeTimeout: number;
}

/**
 * Many connections served by one handler, from `pool.connectMany()`. They live in the workers: the main
 * thread sees only counts, and the values that handlers post.
 */
export class ConnectionGroup extends EventEmitter<GroupEvents> {
  /** Number of the group, unique in its pool: `group` of {@link ConnectionStats}. */
  readonly id: number;
  /** URL that was asked for, without user and password. */
  readonly url: string;
  /** Number of connections that were asked for. */
  readonly count: number;
  /** Resolves once every connection has opened or failed; never rejects. */
  readonly ready: Promise<void>;
  /** Resolves once all opened connections have closed, and none is opening; never rejects. */
  readonly closed: Promise<void>;
  readonly #figures: MainFigures;
  readonly #closeTimeout: number;
  readonly #shares = new Map<PoolWorker, Share>();
  readonly #failed = new Tallies();
  readonly #errors = new Tallies();
  /** Posted while other workers still load the handler, before anybody can listen. */
  #early: [value: unknown, worker: number][] | undefined = [];
  /** How it was told to end. */
  #ending: 'close' | 'terminate' | undefined;
  #opened = 0;
  #closedCount = 0;
  #resolveReady!: () => void;
  #resolveClosed!: () => void;

  /** @internal */
  static make(facts: GroupFacts): ConnectionGroup {
    return new ConnectionGroup(facts);
  }

  private constructor(facts: GroupFacts) {
    super();
    if (!(facts?.figures instanceof MainFigures)) {
      throw madeBy('ConnectionGroup', 'facts', facts, 'await pool.connectMany(url, options)');
    }
    const { id, count, url, figures, closeTimeout } = facts;
    this.#closeTimeout = closeTimeout;
    this.#figures = figures;
    this.id = id;
    this.url = url;
    this.count = count;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Number of connections that have opened, those closed since included. */
  get opened(): number {
    return this.#opened;
  }

  /** Number of open connections. */
  get size(): number {
    return this.#opened - this.#closedCount;
  }

  /** Connections that could not be opened, by error code. */
  get failed(): Failures {
    return this.#failed as unknown as Failures;
  }

  /** Connections that ended with an error after they had opened, by error code. */
  get errors(): Failures {
    return this.#errors as unknown as Failures;
  }

  /**
   * Calls `receive(value)` of the handler in each worker of the group, with a structured clone.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  post(value: unknown): void {
    cloning('value', value, () => this.#each({ type: 'post', group: this.id, value }));
  }

  /**
   * Sends a message on every open connection. It is copied to each worker only once.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION
   */
  broadcast(data: Data, options?: SendOptions): void {
    const binary = binaryOf(data, options);
    const bytes = bytesOf(data);
    for (const { worker } of this.#shares.values()) {
      worker.outbox.broadcast(this.id, bytes, binary);
    }
  }

  /**
   * Closes all connections with a close handshake, and opens no more. You may call it again.
   *
   * @param code as for {@link Connection.close}
   * @param reason at most 123 bytes in UTF-8
   * @returns the promise `closed`
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  close(code?: number, reason?: string): Promise<void> {
    const close = parseCloseArguments(code, reason);
    this.#ending ??= 'close';
    this.#each({ type: 'close', group: this.id, ...close });
    return this.closed;
  }

  /** Ends all connections at once, without close frames, and opens no more. */
  terminate(): void {
    this.#ending = 'terminate';
    this.#each({ type: 'terminate', group: this.id });
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  begin(worker: PoolWorker, share: GroupShare): void {
    const { count } = share;
    const none = {
      handling: false,
      left: count,
      opened: 0,
      failed: 0,
      closed: 0,
      endingSince: undefined,
      settled: false,
    };
    this.#shares.set(worker, { worker, count, ...none });
    worker.addConnections(share.count);
    worker.post({ type: 'open', share });
  }

  /** @internal Its worker has loaded the handler. */
  onHandling(worker: PoolWorker): void {
    const share = this.#shares.get(worker);
    if (share !== undefined) share.handling = true;
  }

  /** @internal The first worker that has not loaded the handler. */
  get loading(): PoolWorker | undefined {
    for (const { worker, handling } of this.#shares.values()) if (!handling) return worker;
    return undefined;
  }

  /**
   * @internal Nobody will have it. Workers that have not loaded the handler have begun nothing, and may
   * never say so: their shares count no more.
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

  /** @internal What is not open yet is given up with ERR_POOL_CLOSED. */
  onPoolClosing(): void {
    this.#each({ type: 'close', group: this.id, code: 1001, reason: '', withPool: true });
  }

  /** @internal */
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
    for (const [code, { count }] of report.failed) this.#figures.failed(code, count);
    for (const [code, { count }] of report.errors) this.#figures.ended(code, count);
    share.opened += report.opened;
    share.failed += failed;
    share.closed += report.closed;
    share.left -= failed + report.closed;
    this.#opened += report.opened;
    this.#closedCount += report.closed;
    this.#failed.merge(report.failed);
    this.#errors.merge(report.errors);
    worker.addConnections(-failed - report.closed);
    this.#settle();
  }

  /** @internal No worker has anything of it any more. */
  get isDone(): boolean {
    for (const { left } of this.#shares.values()) if (left > 0) return false;
    return true;
  }

  /**
   * @internal The worker does not answer. What it was told to close, and had the time for, or to end
   * at once, counts as ended; what it says of it later is not told any more.
   */
  settleOverdue(worker: PoolWorker): void {
    const share = this.#shares.get(worker);
    if (share === undefined || share.settled || this.#ending === undefined) return;
    const now = performance.now();
    share.endingSince ??= now;
    const timeout = this.#closeTimeout;
    if (this.#ending === 'close' && now - share.endingSince < timeout) return;
    share.settled = true;
    const details = { url: this.url, worker: worker.index };
    this.#lose(
      share,
      createError('ERR_ABORTED', details),
      this.#ending === 'close'
        ? createError('ERR_CLOSE_TIMEOUT', { ...details, timeout })
        : undefined,
    );
  }

  /** @internal The handler could not be loaded, or the worker is gone. */
  onWorkerLost(worker: PoolWorker, error: LwsPoolError): void {
    const share = this.#shares.get(worker);
    if (share === undefined) return;
    if (worker.alive) worker.addConnections(-share.left);
    share.left = 0;
    if (!share.settled) this.#lose(share, error, endedWithPool(error, { url: this.url }));
  }

  #lose(share: Share, failure: LwsPoolError, error: LwsPoolError | undefined): void {
    const unopened = share.count - share.opened - share.failed;
    const open = share.opened - share.closed;
    this.#failed.add(failure.code, unopened, failure.message);
    this.#figures.failed(failure.code, unopened);
    if (error !== undefined) {
      this.#errors.add(error.code, open, error.message);
      this.#figures.ended(error.code, open);
    }
    share.failed += unopened;
    share.closed += open;
    this.#closedCount += open;
    this.#settle();
  }

  /** @internal */
  onPost(value: unknown, worker: number): void {
    if (this.#early === undefined) this.emit('post', value, worker);
    else this.#early.push([value, worker]);
  }

  /** @internal The caller of `connectMany()` has it, and has had the time to listen. */
  onSettled(): void {
    const early = this.#early;
    this.#early = undefined;
    for (const [value, worker] of early ?? []) this.emit('post', value, worker);
  }

  #each(message: ToWorker): void {
    for (const { worker } of this.#shares.values()) {
      if (worker.alive) worker.post(message);
    }
  }

  #settle(): void {
    let failed = 0;
    for (const share of this.#shares.values()) failed += share.failed;
    if (this.#opened + failed < this.count) return;
    this.#resolveReady();
    if (this.#closedCount === this.#opened) this.#resolveClosed();
  }
}
