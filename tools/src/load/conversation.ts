import { TimeRing } from './time-ring.js';

/** What a conversation needs of its connection; a `HandlerConnection` has it. */
export interface Line {
  send(data: Uint8Array): boolean;
  close(code?: number, reason?: string): void;
}

/** Of all conversations of a worker. */
export interface Counts {
  sent: number;
  received: number;
  lost: number;
}

/** The messages of one connection: which are on their way, which wait to be sent, since when. */
export class Conversation {
  readonly #line: Line;
  readonly #payload: Uint8Array;
  readonly #inflight: number;
  readonly #counts: Counts;
  /** When those on their way were due, or sent where nothing is ever due. */
  readonly #underWay = new TimeRing();
  /** When those that wait to be sent were due. */
  readonly #owed = new TimeRing();
  /** Each answer sends the next message. */
  #eager = false;
  /** More would only pile up in memory. */
  #full = false;
  #over = false;
  /** Bytes of an unfinished answer, on a raw connection. */
  #partial = 0;

  constructor(line: Line, payload: Uint8Array, inflight: number, counts: Counts) {
    this.#line = line;
    this.#payload = payload;
    this.#inflight = inflight;
    this.#counts = counts;
  }

  /** Closed, or about to be: nothing can be sent. */
  get isOver(): boolean {
    return this.#over;
  }

  get underWay(): number {
    return this.#underWay.length;
  }

  /** From now on keeps as many messages on their way as are allowed. */
  beginEagerly(now: number): void {
    this.#eager = true;
    this.goOn(now);
  }

  /** One message is due; it is sent as soon as it may be. */
  want(due: number): void {
    this.#owed.push(due);
    this.goOn(due);
  }

  /** Sends what may be sent; called after an answer. */
  goOn(now: number): void {
    while (!this.#over && !this.#full && this.#underWay.length < this.#inflight) {
      const due = this.#eager ? now : this.#owed.shift();
      if (due === undefined) return;
      this.#underWay.push(due);
      this.#counts.sent++;
      this.#full = !this.#line.send(this.#payload);
    }
  }

  /** There is room in the connection again. */
  drained(now: number): void {
    this.#full = false;
    this.goOn(now);
  }

  /** Takes the answer to the oldest message; undefined: there is none on its way. */
  answered(): number | undefined {
    const due = this.#underWay.shift();
    if (due === undefined) return undefined;
    this.#counts.received++;
    return due;
  }

  /** How many answers end in this piece of a raw connection's bytes. */
  endingIn(bytes: number): number {
    const all = this.#partial + bytes;
    this.#partial = all % this.#payload.length;
    return Math.floor(all / this.#payload.length);
  }

  /** Sends nothing any more, not even what waits. */
  stop(): void {
    this.#eager = false;
    this.#owed.clear();
  }

  /** Ends the connection because of what it did. */
  giveUp(code: number, reason: string): void {
    if (this.#over) return;
    this.end();
    this.#line.close(code, reason);
  }

  /** No answer is waited for any more. */
  end(): void {
    this.stop();
    this.#over = true;
    this.#counts.lost += this.#underWay.length;
    this.#underWay.clear();
  }
}
