import { type Fields, textOf } from '../channel/fields.js';
import { type Data, Link, type ReadyState, type SendOptions, type Wire } from '../channel/link.js';

/** A connection as its handler sees it, on the worker's thread. */
export class HandlerConnection {
  /** The handler's own: whatever it keeps of this connection. */
  state: unknown;
  readonly id: string;
  /** The subprotocol that the server chose; '' for none. */
  readonly protocol: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;

  readonly #link: Link;

  /** @internal */
  constructor(
    wire: Wire,
    slot: number,
    generation: number,
    highWaterMark: number,
    id: string,
    fields: Fields,
  ) {
    this.#link = new Link(wire, slot, generation, highWaterMark);
    this.id = id;
    this.protocol = textOf(fields, 'protocol');
    this.localAddress = textOf(fields, 'localAddress');
    this.localPort = Number(textOf(fields, 'localPort'));
    this.remoteAddress = textOf(fields, 'remoteAddress');
    this.remotePort = Number(textOf(fields, 'remotePort'));
  }

  /** As in browsers: 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    return this.#link.readyState;
  }

  /** Bytes sent but not taken by the kernel yet, frame headers included. */
  get bufferedAmount(): number {
    return this.#link.bufferedAmount;
  }

  /**
   * Sends a message; everything sent in one turn of the event loop leaves in one write.
   *
   * @returns false once more than `highWaterMark` bytes wait: hold back until `drain`
   * @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_INVALID_ARGUMENT
   */
  send(data: Data, options?: SendOptions): boolean {
    return this.#link.send(data, options);
  }

  /** Resolves once the kernel has taken all that was sent so far. */
  flushed(): Promise<void> {
    return this.#link.flushed();
  }

  /** @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_INVALID_ARGUMENT */
  ping(data?: Data): void {
    this.#link.ping(data);
  }

  /** @throws LwsPoolError ERR_INVALID_ARGUMENT */
  close(code?: number, reason?: string): void {
    this.#link.close(code, reason);
  }

  terminate(): void {
    this.#link.terminate();
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  /** @internal */
  get link(): Link {
    return this.#link;
  }
}
