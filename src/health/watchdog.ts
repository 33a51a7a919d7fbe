import type { Pulse } from './pulse.js';

/** A worker, as far as it has to answer. */
export interface AnsweringWorker {
  readonly alive: boolean;
  readonly connections: number;
  readonly pulse: Pulse;
  post(message: { readonly type: 'pulse'; readonly beat: number }): void;
}

/**
 * Between two looks, in milliseconds, and the most that one of them counts. After a longer time the
 * process was suspended, or the main thread was busy: what a worker did meanwhile is not known, and it
 * gets the time to answer.
 */
const PERIOD = 500;

export interface WatchdogEvents<Worker> {
  /** Some worker does not answer any more, or has answered again. */
  onChange(worker: Worker): void;
  /** It does still not answer. Once in each period. */
  onSilent(worker: Worker): void;
  /** It has not answered for as long as is allowed, or longer. Told until it is gone. */
  onLost(worker: Worker): void;
}

/**
 * Keeps the main thread's deadlines: a worker that hangs looks at no clock. While a worker answers,
 * all its deadlines are its own, and cost nothing here. Once it does not, what it owes to callers
 * is looked through in each period (settleOverdue() of workers and groups).
 */
export class Watchdog<Worker extends AnsweringWorker> {
  readonly #limit: number;
  readonly #workers: () => readonly Worker[];
  readonly #events: WatchdogEvents<Worker>;
  #timer: NodeJS.Timeout | undefined;
  #last = performance.now();

  /** @param limit milliseconds after which a worker is given up; 0: never */
  constructor(limit: number, workers: () => readonly Worker[], events: WatchdogEvents<Worker>) {
    this.#limit = limit;
    this.#workers = workers;
    this.#events = events;
  }

  /** A process whose pool is idle still exits by itself. */
  start(): void {
    this.#timer = setInterval(() => this.#look(), PERIOD);
    this.#timer.unref();
  }

  /** Any number of times. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const turned = Math.min(now - this.#last, PERIOD);
    this.#last = now;
    for (const worker of this.#workers()) {
      if (worker.alive) this.#lookAt(worker, now, turned);
    }
  }

  #lookAt(worker: Worker, now: number, turned: number): void {
    const { pulse } = worker;
    const wasLost = pulse.lost;
    pulse.count(turned);
    const beat = pulse.next(now, worker.connections > 0);
    if (beat !== undefined) worker.post({ type: 'pulse', beat });
    if (pulse.lost !== wasLost) this.#events.onChange(worker);
    if (!pulse.lost) return;
    this.#events.onSilent(worker);
    if (this.#limit > 0 && pulse.silentFor >= this.#limit) this.#events.onLost(worker);
  }
}
