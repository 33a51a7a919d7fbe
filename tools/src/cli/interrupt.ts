/** Hears the first Ctrl+C or SIGTERM; the second ends the process as it always does. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #listener = () => {
    this.#ignore();
    this.#controller.abort();
  };

  constructor() {
    process.once('SIGINT', this.#listener);
    process.once('SIGTERM', this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#ignore();
  }

  #ignore(): void {
    process.off('SIGINT', this.#listener);
    process.off('SIGTERM', this.#listener);
  }
}
