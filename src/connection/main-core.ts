import type { EventEmitter } from 'node:events';
import { channels } from '../base/diagnostics.js';
import { guarded } from '../base/uncaught.js';
import type { Fields } from '../channel/fields.js';
import type { Holding, Message } from '../channel/holding.js';
import { Event } from '../channel/record.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { Trouble } from '../health/warning.js';
import { warningIn } from '../health/warning-record.js';
import { ConnectionCore, type ConnectionPlace } from './core.js';
import type { ConnectionEvents } from './events.js';

/** What the pool knows of a connection when it opens. */
export interface ConnectionFacts {
  readonly place: ConnectionPlace;
  readonly slot: number;
  readonly generation: number;
  /** Its messages go to a handler in the worker. */
  readonly handled: boolean;
  readonly fields: Fields;
  /** It is told of something that ends nothing. */
  warn(trouble: Trouble): void;
}

/** A connection on the main thread: what arrives becomes events, or is held until somebody reads it. */
export class MainCore extends ConnectionCore {
  readonly #warn: (trouble: Trouble) => void;
  #connection!: EventEmitter<ConnectionEvents>;
  /** What comes is held: nobody has listened yet, or it is paused. */
  #holds: boolean;
  /** Behind it the peer of a raw connection has ended. */
  #endHeld = false;
  #iterates = false;
  /**
   * Events before the caller of `connect()` can have added a listener: its promise resolves only
   * after the batch of records in which the connection opened.
   */
  #early: (() => void)[] | undefined = [];
  /** Once the peer of a raw connection has ended, so does this side. */
  #endsAfterPeer = true;

  constructor(facts: ConnectionFacts) {
    super(facts.place, facts.slot, facts.generation, facts.fields);
    this.#warn = facts.warn;
    this.#holds = !facts.handled;
  }

  /** Whose events they are. */
  tellTo(connection: EventEmitter<ConnectionEvents>): void {
    this.#connection = connection;
  }

  override pause(): void {
    super.pause();
    if (!this.#iterates) this.#holds = true;
  }

  override resume(): void {
    super.resume();
    this.listen();
  }

  /** A record of its worker: what arrived, or what became of what was sent. */
  onRecord(type: number, payload: Buffer, isBinary: boolean, aux: number): void {
    const connection = this.#connection;
    switch (type) {
      case Event.message:
      case Event.data:
        if (this.#holds) this.held.push({ data: payload, isBinary });
        else this.#deliver(payload, isBinary);
        break;
      case Event.flushed:
        if (this.link.onFlushed(aux)) connection.emit('drain');
        break;
      case Event.ping:
        this.#tell(() => connection.emit('ping', payload));
        break;
      case Event.keylog: {
        const line = Buffer.from(payload);
        this.#tell(() => connection.emit('keylog', line));
        break;
      }
      case Event.warned:
        this.#warn(warningIn(payload, this.id, this.place.worker));
        break;
      case Event.pong:
        connection.emit('pong', payload);
        break;
      case Event.ended:
        if (this.#holds && this.heldMessages > 0) this.#endHeld = true;
        else this.#tell(() => this.#onEnd());
        break;
      default:
        this.onLeaseRecord(type, payload, aux);
    }
  }

  /** From now on there may be listeners for everything. */
  onSettled(): void {
    const early = this.#early;
    this.#early = undefined;
    for (const tell of early ?? []) tell();
  }

  /** It is over. */
  onClosed(code: number, reason: string, error: LwsPoolError | undefined): void {
    const connection = this.#connection;
    this.error = error;
    this.keepStats();
    // Before send() throws, where somebody can have listened already.
    if (this.#early === undefined) this.#deliverHeld(true);
    this.onOver(error);
    if (channels.closed.hasSubscribers)
      channels.closed.publish({ connection, code, reason, error });
    this.#tell(() => {
      this.#deliverHeld(true);
      try {
        if (error !== undefined && connection.listenerCount('error') > 0) {
          connection.emit('error', error);
        }
      } finally {
        this.resolveClosed();
        connection.emit('close', code, reason);
      }
    });
  }

  /** Somebody reads what is held, and holds what comes from now on. */
  beginIterating(): Holding {
    if (this.#iterates) this.holdAnew();
    this.#iterates = true;
    const { held } = this;
    this.#flow();
    return held;
  }

  /** What comes waits for whoever reads next; `ended`: and behind it the peer's end. */
  endIterating(ended: boolean): void {
    this.#iterates = false;
    this.#holds = true;
    this.#endHeld = ended;
    this.#endsAfterPeer = true;
    if (this.#connection.listenerCount(this.#event) > 0) this.listen();
  }

  /** Somebody else ends this side after the peer, once all that came is worked off. */
  endLater(): void {
    this.#endsAfterPeer = false;
  }

  /** Somebody listens: first what waits, then what comes. */
  listen(): void {
    if (!this.#holds || this.link.paused) return;
    if (this.heldMessages === 0) {
      this.#flow();
      return;
    }
    // Not from within on(): the caller is not done yet.
    process.nextTick(() => {
      this.#deliverHeld(false);
    });
  }

  get #event(): 'message' | 'data' {
    return this.place.kind === 'ws' ? 'message' : 'data';
  }

  #tell(tell: () => void): void {
    if (this.#early === undefined) tell();
    else this.#early.push(tell);
  }

  #onEnd(): void {
    try {
      this.#connection.emit('end');
    } finally {
      if (this.#endsAfterPeer) this.link.end();
    }
  }

  #deliver(data: Buffer, isBinary: boolean): void {
    if (this.#event === 'message') this.#connection.emit('message', data, isBinary);
    else this.#connection.emit('data', data);
  }

  /**
   * A listener may go again, with the first message or before it, begin to iterate, or pause: what is
   * left goes on waiting. At the end a pause changes nothing any more.
   */
  #deliverHeld(atEnd: boolean): void {
    const goesOn = () => this.#holds && (atEnd || !this.link.paused);
    while (goesOn() && this.#connection.listenerCount(this.#event) > 0) {
      const next: Message | undefined = this.heldMessages > 0 ? this.held.shift() : undefined;
      if (next === undefined) {
        this.#flow();
        return;
      }
      guarded(() => this.#deliver(next.data, next.isBinary));
    }
  }

  /** From now on what comes is told as it comes. */
  #flow(): void {
    this.#holds = false;
    if (!this.#endHeld) return;
    this.#endHeld = false;
    process.nextTick(() => this.#onEnd());
  }
}
