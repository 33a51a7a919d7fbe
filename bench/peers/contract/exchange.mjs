import { makePayload } from './payload.mjs';
import { readUsage } from './usage.mjs';

/**
 * An echo run over open connections: each keeps `inflight` messages unanswered. The
 * first `warmup` answers are not measured, the next `messages` are, at full load to
 * the end; then it waits for what is still on its way, so that nothing was lost.
 */
export class Exchange {
  #payload;
  #inflight;
  #warmup;
  #last;
  #serverPid;
  #sent = 0;
  #received = 0;
  #wrong = 0;
  #start;
  #end;
  #finish;

  /**
   * @param {{ size: number, payload?: string, inflight: number, warmup: number, messages: number, serverPid?: number }} work
   */
  constructor({ size, payload, inflight, warmup, messages, serverPid }) {
    this.#payload = makePayload(size, payload);
    this.#inflight = inflight;
    this.#warmup = warmup;
    this.#last = warmup + messages;
    this.#serverPid = serverPid;
    /** Resolves to { start, end, messages, wrong }. */
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** @param {Iterable<{ send(data: Uint8Array): unknown }>} connections */
  begin(connections) {
    if (this.#warmup === 0) this.#start = readUsage(this.#serverPid);
    for (const connection of connections) {
      for (let count = 0; count < this.#inflight; count++) this.#send(connection);
    }
  }

  /** To be called for each message that arrives. */
  received(connection, data) {
    const received = ++this.#received;
    if (data.byteLength !== this.#payload.byteLength) this.#wrong++;
    else if (received <= this.#warmup && !this.#payload.equals(new Uint8Array(data))) this.#wrong++;

    if (received === this.#warmup) this.#start = readUsage(this.#serverPid);
    if (received === this.#last) this.#end = readUsage(this.#serverPid);

    if (received < this.#last) this.#send(connection);
    else if (received === this.#sent) this.#conclude();
  }

  #send(connection) {
    this.#sent++;
    connection.send(this.#payload);
  }

  #conclude() {
    const messages = this.#last - this.#warmup;
    this.#finish({ start: this.#start, end: this.#end, messages, wrong: this.#wrong });
  }
}
