import { isArrayBuffer, isUint8Array } from 'node:util/types';
import { createError, type LwsPoolError } from '../errors/errors.js';
import { whileMemoryLasts } from '../errors/no-memory.js';
import { parseCloseArguments } from '../options/close-arguments.js';
import type { SendStreamOptions } from '../options/send-stream.js';
import { connectionId } from './connection-id.js';
import type { Data, DataSource } from './data.js';
import { type Counts, countUnsent, type FiguresRow } from './figures.js';
import { sendFragments } from './fragments.js';
import { lowMarkOf } from './held.js';
import { ACCEPTED, type Ledger, type Ledgers, ledgerBase, PENDING } from './ledger.js';
import type { Outbox } from './outbox.js';
import { Command, FLAG_WITHIN, isOutput } from './record.js';
import { type SendOptions, sendFlags } from './send-options.js';

export type { Data, SendOptions };

/** `WebSocket.readyState`, RFC 6455 and the HTML standard. */
export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

/** State of a connection, as `WebSocket.readyState`: 0 connecting, 1 open, 2 closing, 3 closed. */
export type ReadyState = 0 | 1 | 2 | 3;

/** One side's way to a worker's connections. */
export interface Wire extends Counts {
  /** Number of the worker's channel. */
  readonly channel: number;
  readonly outbox: Outbox;
  readonly ledgers: Ledgers;
  /** What is held of all of the worker's connections, and how much that may be: see Link.hold(). */
  readonly held: Int32Array;
  readonly ceiling: number;
}

const PING_BYTES = 125;
/** What its length and its record's still fit into 31 bits with. */
const LONGEST = 2 ** 31 - 64;
/** The mark that stands for "drain"; those of flushed() count from 1. */
const DRAIN = 0;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: LwsPoolError) => void;
}

/** The sending half of a connection, the same on the main thread and in a handler. */
export class Link {
  readonly slot: number;
  readonly generation: number;
  readonly highWaterMark: number;
  readyState: ReadyState = OPEN;
  paused = false;
  /** How often reading went on after a pause. */
  resumes = 0;
  /** It was terminated, and waits for nothing but its worker's word. */
  cut = false;
  /** Raw: nothing more will be sent. */
  ended = false;

  readonly #wire: Wire;
  readonly #ledger: Ledger;
  readonly #base: number;
  /** Payload bytes handed over by this side, of all time. */
  #submitted = 0;
  /** Commands that write something, handed over by this side, of all time; 32 bits. */
  #outputs = 0;
  #needsDrain = false;
  #lastMark = DRAIN;
  #waiting: Map<number, Waiting> | undefined;
  /** The last message in fragments; resolves when it has ended, however that was. */
  #stream: Promise<void> | undefined;
  /** Of those messages. */
  #closing: Set<(error: LwsPoolError) => void> | undefined;
  /** Units of messages that wait to be read, see Holding. */
  #held = 0;
  /** The worker may have stopped reading for them, and waits to hear that there are fewer. */
  #heldMuch = false;

  constructor(wire: Wire, slot: number, generation: number, highWaterMark: number) {
    this.#wire = wire;
    this.slot = slot;
    this.generation = generation;
    this.highWaterMark = highWaterMark;
    this.#ledger = wire.ledgers.of(slot);
    this.#base = ledgerBase(slot);
  }

  /** The connection's. */
  get id(): string {
    return connectionId(this.#wire.channel, this.slot, this.generation);
  }

  /** What is counted of the connection; undefined where nothing is. */
  get figures(): FiguresRow | undefined {
    return this.#wire.figures?.row(this.slot);
  }

  /** Bytes of this side that the kernel has not taken yet; frame headers and masks included. */
  get bufferedAmount(): number {
    if (this.readyState === CLOSED) return 0;
    const ledger = this.#ledger;
    const accepted = ledger[this.#base + ACCEPTED[this.#wire.side]] as number;
    return this.#submitted - accepted + (ledger[this.#base + PENDING] as number);
  }

  /**
   * Whether something that this side has asked for is not written: a message, empty or not, a ping, an
   * end. One number of the worker's says so, so that no order of two matters.
   */
  get hasUnsent(): boolean {
    const { ledgers, side } = this.#wire;
    return ledgers.written(this.slot, side) !== this.#outputs;
  }

  send(data: Data, options?: SendOptions): boolean {
    if (this.readyState !== OPEN || this.ended) return this.#tooLate(data, options);
    const flags = sendFlags(data, options);
    const bytes = typeof data === 'string' ? data : bytesOf(data);
    this.#submitted += this.#wire.outbox.send(this.slot, this.generation, bytes, flags);
    this.#outputs = (this.#outputs + 1) | 0;
    if (this.bufferedAmount <= this.highWaterMark) return true;
    if (!this.#needsDrain) {
      this.#needsDrain = true;
      this.#command(Command.mark, DRAIN);
    }
    return false;
  }

  /** A message in fragments, after the one that this side is at. */
  sendStream(source: DataSource, options: SendStreamOptions): Promise<void> {
    const sending = (this.#stream ?? Promise.resolve()).then(() => {
      if (this.readyState === CLOSED) throw this.#closedError();
      return sendFragments(this, source, options);
    });
    const ended = sending
      .catch(() => undefined)
      .then(() => {
        if (this.#stream === ended) this.#stream = undefined;
      });
    this.#stream = ended;
    return sending;
  }

  get open(): boolean {
    return this.readyState === OPEN && !this.ended;
  }

  get full(): boolean {
    return this.bufferedAmount > this.highWaterMark;
  }

  sendFragment(data: Data, flags: number): void {
    const bytes = bytesOf(typeof data === 'string' ? Buffer.from(data) : data);
    this.#submitted += bytes.length;
    this.#command(Command.fragment, 0, bytes, flags);
  }

  fragmentsFlushed(): Promise<void> {
    return this.flushed(FLAG_WITHIN);
  }

  onceClosed(callback: (error: LwsPoolError) => void): () => void {
    this.#closing ??= new Set();
    this.#closing.add(callback);
    return () => this.#closing?.delete(callback);
  }

  /**
   * Resolves once the kernel has taken all that was sent so far.
   *
   * @param flags FLAG_WITHIN: of a message in fragments, what was sent of it
   */
  flushed(flags = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.readyState === CLOSED) {
        reject(this.#closedError());
        return;
      }
      // Marks are 32 bits wide; those long past are not waited for any more.
      this.#lastMark = (this.#lastMark % 0x7fff_ffff) + 1;
      this.#waiting ??= new Map();
      this.#waiting.set(this.#lastMark, { resolve, reject });
      this.#command(Command.mark, this.#lastMark, undefined, flags);
    });
  }

  ping(data?: Data): boolean {
    if (this.readyState === CLOSED) throw this.#closedError();
    const payload = data === undefined ? undefined : bytesOf(data);
    if (payload !== undefined && payload.length > PING_BYTES) {
      throw createError('ERR_INVALID_ARGUMENT', {
        argument: 'data',
        got: `${payload.length} bytes`,
        takes: `at most ${PING_BYTES} bytes`,
      });
    }
    if (this.readyState !== OPEN) return false;
    this.#command(Command.ping, 0, payload);
    return true;
  }

  close(code?: number, reason?: string): void {
    const close = parseCloseArguments(code, reason);
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSING;
    this.#command(Command.close, close.code ?? 0, Buffer.from(close.reason));
  }

  /** It ends by what a lease did to it. */
  leave(): void {
    if (this.readyState === OPEN) this.readyState = CLOSING;
  }

  terminate(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSING;
    this.cut = true;
    this.#command(Command.terminate);
  }

  /** Raw: nothing more will be sent. */
  end(): void {
    if (this.readyState !== OPEN || this.ended) return;
    this.ended = true;
    this.#command(Command.end);
  }

  /** Closes with 1011 and reports the fields as the error of the connection. */
  fail(fields: Buffer): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSING;
    this.#command(Command.fail, 0, fields);
  }

  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  /**
   * So much more of it is held, or less. The worker reads no more than `highWaterMark` lets it: see
   * native/core/net/backpressure.h.
   */
  hold(units: number): void {
    if (this.readyState === CLOSED) return;
    this.#held += units;
    const { ledgers, held, ceiling } = this.#wire;
    ledgers.setHeld(this.slot, this.#held);
    const before = Atomics.add(held, 0, units);
    // Above the ceiling a connection is read again once nothing of it waits.
    const makesRoom = before > ceiling && (this.#held === 0 || before + units <= ceiling);
    const low = this.#held <= lowMarkOf(this.highWaterMark);
    if (makesRoom || (low && this.#heldMuch)) this.#command(Command.taken);
    this.#heldMuch = !low;
  }

  /** A mark was reached. True for the one that stands for "drain". */
  onFlushed(mark: number): boolean {
    if (mark === DRAIN) {
      // More was sent after the mark was set.
      this.#needsDrain = this.bufferedAmount > 0;
      if (this.#needsDrain) this.#command(Command.mark, DRAIN);
      return !this.#needsDrain;
    }
    this.#waiting?.get(mark)?.resolve();
    this.#waiting?.delete(mark);
    return false;
  }

  /** It is over; `error` says why, if anything went wrong. */
  onClosed(error: LwsPoolError | undefined): void {
    this.hold(-this.#held);
    this.readyState = CLOSED;
    this.paused = false;
    const waiting = this.#waiting;
    const closing = this.#closing;
    this.#waiting = this.#closing = undefined;
    if (waiting === undefined && closing === undefined) return;
    const reason = error ?? this.#closedError();
    for (const { reject } of waiting?.values() ?? []) reject(reason);
    for (const callback of closing ?? []) callback(reason);
  }

  /** Messages still come while a connection is closing; who answers them is no fault. */
  #tooLate(data: Data, options: SendOptions | undefined): false {
    if (this.readyState === CLOSED) throw this.#closedError();
    sendFlags(data, options);
    if (typeof data !== 'string') bytesOf(data);
    countUnsent(this.#wire, this.slot);
    return false;
  }

  #setPaused(paused: boolean): void {
    if (this.paused === paused || this.readyState === CLOSED) return;
    this.paused = paused;
    if (!paused) this.resumes++;
    this.#command(paused ? Command.pause : Command.resume);
  }

  #command(type: number, aux = 0, payload?: Uint8Array, flags = 0): void {
    this.#wire.outbox.command(type, this.slot, this.generation, aux, payload, flags);
    if (isOutput(type)) this.#outputs = (this.#outputs + 1) | 0;
  }

  #closedError(): LwsPoolError {
    return createError('ERR_CONNECTION_CLOSED', {
      connection: this.id,
    });
  }
}

/**
 * The bytes of what is to be sent, where they lie.
 *
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 */
export function bytesOf(data: Data): Uint8Array {
  const bytes = viewOf(data);
  if (bytes !== undefined && bytes.length <= LONGEST) return bytes;
  if (bytes !== undefined) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'data',
      got: `${bytes.length} bytes`,
      takes: `at most ${LONGEST} bytes at once`,
    });
  }
  throw createError('ERR_INVALID_ARGUMENT', {
    argument: 'data',
    got: data === null ? 'null' : typeof data,
    takes: 'a string, a Buffer, another view of an ArrayBuffer, or an ArrayBuffer',
  });
}

function viewOf(data: Data): Uint8Array | undefined {
  if (isUint8Array(data) && data.length > 0) return data;
  if (typeof data === 'string') return whileMemoryLasts(() => Buffer.from(data));
  try {
    // Empty it may be because its memory was detached, which throws here.
    if (ArrayBuffer.isView(data)) {
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
    if (isArrayBuffer(data)) return new Uint8Array(data);
  } catch {
    // Its memory was transferred to somebody else, or released.
  }
  return undefined;
}
