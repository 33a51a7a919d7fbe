import type { Duplex } from 'node:stream';
import type { Message } from '../channel/holding.js';
import { madeBy } from '../errors/made-by.js';
import { MAKE } from '../lease/internal.js';
import { type MessagesOptions, parseMessagesOptions } from '../options/messages.js';
import { refuseAssignments } from './browser-properties.js';
import { EventedConnection } from './evented.js';
import type { ConnectionEvents } from './events.js';
import { CORE } from './internal.js';
import { iterate } from './iterator.js';
import { type ConnectionFacts, MainCore } from './main-core.js';
import { createStream, type StreamOptions } from './stream.js';

/**
 * A connection that libwebsockets opens and serves on a worker thread, from `pool.connect()`.
 *
 * Messages are held until the first listener for them is added, an iteration or a stream begins, or
 * `resume()` is called, so that none is lost. Once more than `highWaterMark` bytes are held, the
 * socket is no longer read. See docs/memory.md.
 */
export class Connection extends EventedConnection {
  /** @internal */
  static [MAKE](facts: ConnectionFacts): Connection {
    return new Connection(new MainCore(facts));
  }

  private constructor(core: MainCore) {
    if (!(core instanceof MainCore)) {
      throw madeBy('Connection', 'core', core, 'await pool.connect(url)');
    }
    super(core);
    core.tellTo(this);
  }

  /**
   * Returns the connection as a Duplex of `node:stream`. Writes become binary messages; strings become
   * text messages in object mode or with `decodeStrings: false`. Ending the stream closes the
   * connection, destroying it terminates the connection.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION
   */
  stream(options?: StreamOptions): Duplex {
    return createStream(this, options);
  }

  /**
   * Iterates over messages until the connection closes; throws its error, if it ended with one. While
   * your loop is slow, the socket is not read. Leaving the loop terminates the connection; with
   * `keepOpen`, it stays open, and the next loop continues from there.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION
   */
  messages(options?: MessagesOptions): AsyncIterableIterator<Message> {
    return iterate(this, parseMessagesOptions(options).keepOpen);
  }

  /** The same as {@link messages} without options: leaving the loop terminates the connection. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    return iterate(this, false);
  }

  // once() comes here as well.
  /** Adds a listener; the first one for messages starts their delivery. */
  override on<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    super.on(event, listener as never);
    return this.#heard(event);
  }

  /** The same as {@link on}. */
  override addListener<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    return this.on(event, listener);
  }

  /** As {@link on}, ahead of the listeners already there. */
  override prependListener<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    super.prependListener(event, listener as never);
    return this.#heard(event);
  }

  #heard(event: keyof ConnectionEvents): this {
    if (event === 'message' || event === 'data') this[CORE].listen();
    return this;
  }
}

refuseAssignments(Connection.prototype, {
  onopen: 'It is open once connect() has resolved.',
  onmessage: 'Listen with on("message", listener).',
  onclose: 'Listen with on("close", listener).',
  onerror: 'Listen with on("error", listener).',
  binaryType: 'Messages come as Buffers, always.',
});
