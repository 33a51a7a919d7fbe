import { sharedClock } from './clock.js';
import { Conversation, type Counts, type Line } from './conversation.js';
import { incidents } from './incidents.js';
import type { LatencyRecorder } from './latency-recorder.js';
import type { ExchangeOrder, ExchangePlan, ExchangeReport } from './messages.js';
import { Pacer } from './pacer.js';
import { Tallies } from './tallies.js';

/** `finished`: what comes now is not counted. */
type Phase = 'opening' | 'sending' | 'draining' | 'finished';

/** A worker's share of a load run: sends, takes answers, measures. All in the worker. */
export class Exchange {
  readonly #plan: ExchangePlan;
  readonly #latency: LatencyRecorder;
  readonly #post: (report: ExchangeReport) => void;
  readonly #payload: Buffer;
  readonly #counts: Counts = { sent: 0, received: 0, lost: 0 };
  readonly #incidents = new Tallies();
  readonly #conversations = new Set<Conversation>();
  readonly #openingFrom = sharedClock();
  #openingUntil = this.#openingFrom;
  #phase: Phase = 'opening';
  #pacer: Pacer | undefined;
  #began = 0;
  #window: ExchangeReport['window'] | undefined;
  #due = 0;

  constructor(
    plan: ExchangePlan,
    latency: LatencyRecorder,
    post: (report: ExchangeReport) => void,
  ) {
    this.#plan = plan;
    this.#latency = latency;
    this.#post = post;
    this.#payload = Buffer.alloc(plan.size, 'lws-pool ');
  }

  open(line: Line): Conversation {
    this.#openingUntil = sharedClock();
    const { inflight } = this.#plan;
    const conversation = new Conversation(line, this.#payload, inflight, this.#counts);
    this.#conversations.add(conversation);
    return conversation;
  }

  message(conversation: Conversation, data: Buffer): void {
    if (this.#phase === 'finished' || conversation.isOver) return;
    const { raw, size } = this.#plan;
    if (!raw && data.length !== size) {
      this.#reject(conversation, data.length);
      return;
    }
    const now = performance.now();
    for (let left = raw ? conversation.endingIn(data.length) : 1; left > 0; left--) {
      const due = conversation.answered();
      if (due === undefined) {
        this.#reject(conversation, data.length);
        return;
      }
      this.#latency.record(now - due);
    }
    conversation.goOn(now);
    this.#reportIfDrained();
  }

  drain(conversation: Conversation): void {
    conversation.drained(performance.now());
  }

  /** @param failed its error is counted elsewhere */
  close(conversation: Conversation, code: number, reason: string, failed: boolean): void {
    this.#conversations.delete(conversation);
    if (this.#phase === 'finished') return;
    if (!failed && !conversation.isOver) {
      this.#note(incidents.closedEarly(this.#plan.raw, code, reason));
    }
    conversation.end();
    // The last chance: a group whose connections are all closed is not heard any more.
    if (this.#conversations.size === 0) this.#report();
    else this.#reportIfDrained();
  }

  receive(order: Exclude<ExchangeOrder, { type: 'inspect' }>): void {
    if (order.type === 'begin') this.#begin(order.rate, order.precise);
    else if (order.type === 'stop') this.#stop();
    else if (order.type === 'finish') this.#finish();
    else this.#report();
  }

  #begin(rate: number | undefined, precise: boolean): void {
    if (this.#phase !== 'opening') return;
    this.#phase = 'sending';
    this.#began = performance.now();
    if (rate === undefined) {
      for (const conversation of this.#conversations) conversation.beginEagerly(this.#began);
    } else if (this.#conversations.size > 0) {
      this.#pace(rate * this.#conversations.size, precise);
    }
  }

  /** Gives what is due to one connection after the other. */
  #pace(rate: number, precise: boolean): void {
    const circle = [...this.#conversations];
    let next = 0;
    this.#pacer = new Pacer(rate, precise, (due) => {
      while (circle.length > 0) {
        if (next >= circle.length) next = 0;
        const conversation = circle[next];
        if (conversation !== undefined && !conversation.isOver) {
          next++;
          conversation.want(due);
          return;
        }
        circle.splice(next, 1);
      }
    });
    this.#pacer.begin();
  }

  #stop(): void {
    if (this.#phase !== 'sending') return;
    this.#window = this.#windowNow();
    this.#due = this.#pacer?.due() ?? 0;
    this.#pacer?.stop();
    this.#phase = 'draining';
    for (const conversation of this.#conversations) conversation.stop();
    this.#reportIfDrained();
  }

  #finish(): void {
    this.#stop();
    if (this.#phase === 'finished') return;
    for (const conversation of this.#conversations) conversation.end();
    this.#phase = 'finished';
    this.#report();
  }

  #reportIfDrained(): void {
    if (this.#phase === 'draining' && this.#underWay() === 0) this.#finish();
  }

  #underWay(): number {
    return this.#counts.sent - this.#counts.received - this.#counts.lost;
  }

  #reject(conversation: Conversation, bytes: number): void {
    const unasked = conversation.underWay === 0;
    this.#note(incidents.noEcho(this.#plan, bytes, unasked));
    conversation.giveUp(1000, '');
    this.#reportIfDrained();
  }

  #note({ code, message }: { code: string; message: string }): void {
    this.#incidents.add(code, 1, message);
  }

  #windowNow(): ExchangeReport['window'] {
    const { sent, received } = this.#counts;
    return { seconds: (performance.now() - this.#began) / 1e3, sent, received };
  }

  #report(): void {
    const sending = this.#phase === 'sending';
    const draining = this.#phase === 'draining';
    const final =
      this.#phase === 'finished' || ((sending || draining) && this.#conversations.size === 0);
    this.#post({
      final,
      due: sending ? (this.#pacer?.due() ?? 0) : this.#due,
      ...this.#counts,
      window: this.#window ?? (sending ? this.#windowNow() : { seconds: 0, sent: 0, received: 0 }),
      opening: { from: this.#openingFrom, until: this.#openingUntil },
      incidents: this.#incidents,
      latency: final ? this.#latency.encode() : undefined,
    });
  }
}
