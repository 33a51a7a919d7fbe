import { Latency } from './latency.mjs';
import { makePayload } from './payload.mjs';
import { Schedule } from './schedule.mjs';
import { readUsage } from './usage.mjs';

/** Milliseconds between looks at the schedule: the shortest that timers can do. */
const tick = 1;

/**
 * Messages at a fixed rate over all connections in turn, whether or not earlier ones have been
 * answered. Latency counts from when a message was due, not from when it was sent: a client that
 * falls behind must not hide that by sending less (coordinated omission).
 *
 * The first `warmup` messages are not measured. After them the schedule begins anew, so that
 * reading the usage is nobody's latency.
 */
export class OpenModel {
  #work;
  #payload;
  #latency = new Latency();
  #connections = [];
  /** Answers of each connection so far: they come in the order of its messages. */
  #answersOf = new Map();
  #schedule;
  #timer;
  #sent = 0;
  #measuredAnswers = 0;
  #wrong = 0;
  #start;
  #startedAt;
  #finish;

  /**
   * @param {{ size: number, rate: number, warmup: number, messages: number, serverPid?: number }} work
   */
  constructor(work) {
    this.#work = work;
    this.#payload = makePayload(work.size);
    /** Resolves to { start, end, messages, wrong, latency, achieved }. */
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** @param {Iterable<{ send(data: Uint8Array): unknown }>} connections */
  begin(connections) {
    this.#connections = [...connections];
    for (const [index, connection] of this.#connections.entries()) {
      this.#answersOf.set(connection, { index, answers: 0 });
    }
    this.#schedule = new Schedule(performance.now(), this.#work.rate);
    if (this.#work.warmup === 0) this.#beginMeasuring();
    this.#timer = setInterval(() => this.#tick(), tick);
  }

  /** To be called for each message that arrives. */
  received(connection, data) {
    const progress = this.#answersOf.get(connection);
    const number = progress.index + progress.answers++ * this.#connections.length;
    if (data.byteLength !== this.#payload.byteLength) this.#wrong++;
    else if (number < this.#work.warmup) this.#compare(data);
    if (number < this.#work.warmup) return;
    this.#latency.record(performance.now() - this.#schedule.timeOf(number - this.#work.warmup));
    if (++this.#measuredAnswers === this.#work.messages) this.#conclude();
  }

  #tick() {
    const { warmup, messages } = this.#work;
    const isWarmup = this.#sent < warmup;
    const before = isWarmup ? 0 : warmup;
    const due = before + this.#schedule.dueBy(performance.now());
    const until = Math.min(due, isWarmup ? warmup : warmup + messages);
    while (this.#sent < until) {
      this.#connections[this.#sent++ % this.#connections.length].send(this.#payload);
    }
    if (isWarmup && this.#sent === warmup) this.#beginMeasuring();
    if (this.#sent === warmup + messages) clearInterval(this.#timer);
  }

  #beginMeasuring() {
    this.#start = readUsage(this.#work.serverPid);
    this.#startedAt = performance.now() + tick;
    this.#schedule = new Schedule(this.#startedAt, this.#work.rate);
  }

  #compare(data) {
    if (!this.#payload.equals(new Uint8Array(data))) this.#wrong++;
  }

  #conclude() {
    const achieved = (this.#work.messages / (performance.now() - this.#startedAt)) * 1000;
    this.#finish({
      start: this.#start,
      end: readUsage(this.#work.serverPid),
      messages: this.#work.messages,
      wrong: this.#wrong,
      latency: this.#latency.encoded(),
      achieved,
    });
  }
}
