/**
 * When each message of an open model is due: evenly, `rate` a second, however late the ones before
 * were. Times are milliseconds of `performance.now()`.
 */
export class Schedule {
  #start;
  #interval;

  /**
   * @param {number} start  when the first message is due
   * @param {number} rate  messages per second
   */
  constructor(start, rate) {
    this.#start = start;
    this.#interval = 1000 / rate;
  }

  /** Of how many messages the time has come. */
  dueBy(now) {
    return now < this.#start ? 0 : Math.floor((now - this.#start) / this.#interval) + 1;
  }

  /** When the message with this number is due; the first has number 0. */
  timeOf(number) {
    return this.#start + number * this.#interval;
  }
}
