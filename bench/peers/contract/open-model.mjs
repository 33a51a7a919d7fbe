import { setImmediate, setTimeout } from 'node:timers';
import { Latency } from './latency.mjs';
import { makePayload } from './payload.mjs';
import { Schedule } from './schedule.mjs';
import { readUsage } from './usage.mjs';

/** Milliseconds from reading the usage to the first message that is measured. */
const respite = 1;

/**
 * Messages at a fixed rate over all connections in turn, whether or not earlier ones have been
 * answered. Latency counts from when a message was due, not from when it was sent: a client that
 * falls behind must not hide that by sending less (coordinated omission). It waits for the next
 * message awake: a timer's lateness, a millisecond with some runtimes, is nothing of the client's.
 * In mode `paced`, where it is the CPU time that counts, it sleeps.
 *
 * The first `warmup` messages are timed as well, into histograms that nobody sees, and in two parts:
 * from one to the next everything happens that happens before the part that is measured, so that
 * nothing is compiled later. Each part has a schedule of its own, so that reading the usage before
 * it is nobody's latency.
 */
export class OpenModel {
  #payload;
  #parts;
  #measured;
  #serverPid;
  #connections = [];
  /** Answers of each connection so far: they come in the order of its messages. */
  #answersOf = new Map();
  #sending = -1;
  #sent = 0;
  #wrong = 0;
  #start;
  #finish;
  #again;
  #turn = () => this.#sendDue();

  /**
   * @param {{ mode: string, size: number, rate: number, warmup: number, messages: number, serverPid?: number }} work
   */
  constructor({ mode, size, rate, warmup, messages, serverPid }) {
    this.#again =
      mode === 'paced' ? () => setTimeout(this.#turn, 1) : () => setImmediate(this.#turn);
    this.#payload = makePayload(size);
    this.#serverPid = serverPid;
    const half = Math.floor(warmup / 2);
    this.#measured = new Part(rate, warmup, warmup + messages);
    this.#parts = [new Part(rate, 0, half), new Part(rate, half, warmup), this.#measured];
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
    this.#beginPart();
    this.#sendDue();
  }

  /** To be called for each message that arrives. Its content is compared in the first part alone. */
  received(connection, data) {
    const progress = this.#answersOf.get(connection);
    const number = progress.index + progress.answers++ * this.#connections.length;
    if (data.byteLength !== this.#payload.byteLength) this.#wrong++;
    else if (number < this.#parts[0].end) this.#compare(data);
    let part = 0;
    while (number >= this.#parts[part].end) part++;
    this.#parts[part].answered(number);
    if (this.#measured.isOver) this.#conclude();
  }

  #sendDue() {
    const part = this.#parts[this.#sending];
    const until = part.dueNow();
    while (this.#sent < until) {
      this.#connections[this.#sent++ % this.#connections.length].send(this.#payload);
    }
    if (this.#sent === part.end) this.#beginPart();
    if (this.#sent < this.#measured.end) this.#again();
  }

  #beginPart() {
    if (this.#sent === this.#measured.end) return;
    while (this.#parts[++this.#sending].end === this.#sent);
    this.#start = readUsage(this.#serverPid);
    this.#parts[this.#sending].begin(performance.now() + respite);
  }

  #compare(data) {
    if (!this.#payload.equals(new Uint8Array(data))) this.#wrong++;
  }

  #conclude() {
    const achieved = this.#measured.achieved();
    this.#finish({
      start: this.#start,
      end: readUsage(this.#serverPid),
      messages: this.#measured.end - this.#measured.first,
      wrong: this.#wrong,
      latency: this.#measured.latency.encoded(),
      achieved,
    });
  }
}

/** Messages of one schedule: from that number on, up to before that one. */
class Part {
  latency = new Latency();
  #rate;
  #startedAt = 0;
  #schedule = new Schedule(0, 1);
  #answers = 0;

  constructor(rate, first, end) {
    this.#rate = rate;
    this.first = first;
    this.end = end;
  }

  begin(now) {
    this.#startedAt = now;
    this.#schedule = new Schedule(now, this.#rate);
  }

  get isOver() {
    return this.#answers === this.end - this.first;
  }

  /** The number behind the last message whose time has come. */
  dueNow() {
    return Math.min(this.first + this.#schedule.dueBy(performance.now()), this.end);
  }

  answered(number) {
    this.#answers++;
    this.latency.record(performance.now() - this.#schedule.timeOf(number - this.first));
  }

  /** Messages answered per second. */
  achieved() {
    return (this.#answers / (performance.now() - this.#startedAt)) * 1000;
  }
}
