import { makePayload } from './payload.mjs';

/** Connections that each send one message, get it back, close with 1000, and are counted. */
export class Visits {
  #payload;
  #close;
  #open = new Set();
  #answered = new Set();
  #failures = new Set();
  #good = 0;
  #ended = 0;

  /**
   * @param {number} size  bytes of the message
   * @param {(connection) => void} close
   */
  constructor(size, close) {
    this.#payload = makePayload(size);
    this.#close = close;
  }

  opened(connection) {
    this.#open.add(connection);
    connection.send(this.#payload);
  }

  message(connection, data) {
    if (this.#payload.equals(new Uint8Array(data))) this.#answered.add(connection);
    else this.#failures.add('the answer was not what was sent');
    this.#close(connection);
  }

  closed(connection, code) {
    if (!this.#open.delete(connection)) return;
    this.#ended++;
    if (code === 1000 && this.#answered.has(connection)) this.#good++;
    else this.#failures.add(`closed with ${code}`);
  }

  failed(reason) {
    this.#failures.add(reason);
  }

  tally() {
    return {
      answered: this.#answered.size,
      good: this.#good,
      ended: this.#ended,
      failures: [...this.#failures],
    };
  }
}
