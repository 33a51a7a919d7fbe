import type { WarningLimits } from '../options/limits.js';
import { stackOf } from './blocked-stack.js';
import type { Heartbeat } from './heartbeat.js';
import type { Trouble } from './warning.js';

/** A worker, as far as it is watched. */
export interface WatchedWorker {
  readonly index: number;
  readonly alive: boolean;
  readonly heartbeat: Heartbeat;
  readonly thread: { readonly threadId: number } | undefined;
  post(message: { readonly type: 'beat'; readonly beat: number; readonly round: boolean }): void;
  /** Looks at its connections. */
  round(now: number): void;
}

/** Looks for trouble from the main thread, by one timer for all workers of a pool. */
export class TroubleWatch {
  readonly #limits: WarningLimits;
  readonly #workers: () => readonly WatchedWorker[];
  readonly #report: (trouble: Trouble) => void;
  #timer: NodeJS.Timeout | undefined;
  #lastRound = performance.now();

  constructor(
    limits: WarningLimits,
    workers: () => readonly WatchedWorker[],
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

  #pulse(worker: WatchedWorker, now: number, round: boolean): void {
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

  async #tellBlocked(worker: WatchedWorker, blockedFor: number): Promise<void> {
    const { index } = worker;
    const found = !this.#limits.stacks
      ? { reason: 'the option warnings.stacks is not set' }
      : await stackOf(worker.thread?.threadId ?? -1, undefined, () => worker.alive);
    // What it does after that says nothing of what it did.
    const over = this.#limits.stacks && worker.heartbeat.answered;
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
