import type { PoolWorker } from '../worker.js';
import { stackOf } from './blocked-stack.js';
import type { WarningLimits } from './limits.js';
import type { Trouble } from './warning.js';

/** Looks for trouble from the main thread, by one timer for all workers of a pool. */
export class TroubleWatch {
  readonly #limits: WarningLimits;
  readonly #workers: () => readonly PoolWorker[];
  readonly #report: (trouble: Trouble) => void;
  #timer: NodeJS.Timeout | undefined;
  #lastRound = performance.now();

  constructor(
    limits: WarningLimits,
    workers: () => readonly PoolWorker[],
    report: (trouble: Trouble) => void,
  ) {
    this.#limits = limits;
    this.#workers = workers;
    this.#report = report;
  }

  /** A process whose pool is idle still exits by itself. */
  start(): void {
    const { interval, blockedAfter = Number.POSITIVE_INFINITY } = this.#limits;
    // A blockage of one and a half times its limit is seen for certain.
    const period = Math.max(1, Math.min(interval, Math.ceil(blockedAfter / 2)));
    this.#timer = setInterval(() => this.#look(), period);
    this.#timer.unref();
  }

  /** Any number of times. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    const round = now - this.#lastRound >= this.#limits.interval;
    if (round) this.#lastRound = now;
    for (const worker of this.#workers()) {
      if (!worker.alive) continue;
      this.#pulse(worker, now, round);
      if (round) worker.round(now);
    }
  }

  #pulse(worker: PoolWorker, now: number, round: boolean): void {
    const { blockedAfter } = this.#limits;
    const { heartbeat } = worker;
    if (blockedAfter !== undefined) {
      const blockedFor = heartbeat.overdue(now, blockedAfter);
      if (blockedFor !== undefined) void this.#tellBlocked(worker, Math.round(blockedFor));
    } else if (!round) {
      return;
    }
    const beat = heartbeat.next(now);
    if (beat !== undefined) worker.post({ type: 'beat', beat, round });
  }

  async #tellBlocked(worker: PoolWorker, blockedFor: number): Promise<void> {
    const { index } = worker;
    const found = await stackOf(worker.thread?.threadId ?? -1);
    // What it does after that says nothing of what it did.
    const over = worker.heartbeat.answered;
    const stack = 'stack' in found && !over ? found.stack : undefined;
    const reason = 'reason' in found ? found.reason : 'it was over when it was looked at';
    const noStack = stack === undefined ? reason : undefined;
    const where = noStack === undefined ? '' : ` Where it is cannot be said: ${noStack}.`;
    this.#report({
      code: 'WORKER_BLOCKED',
      message: `Worker ${index} has been blocked for ${blockedFor} ms, and its connections with it.${where} Handlers must not run for long, nor wait: give the work to other threads, or do it in parts.`,
      worker: index,
      details: { blockedFor, stack, noStack },
    });
  }
}
