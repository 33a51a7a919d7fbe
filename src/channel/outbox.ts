import { whileMemoryLasts } from '../errors/no-memory.js';
import type { NativeEnd } from '../native.js';
import { connectionId } from './connection-id.js';
import {
  AUX,
  Command,
  GENERATION,
  HEADER,
  LENGTH,
  recordSize,
  SIZE,
  SLOT,
  TYPE_AND_FLAGS,
} from './record.js';

interface Slab {
  readonly words: Int32Array;
  readonly bytes: Buffer;
}

const EMPTY = Buffer.alloc(0);

/**
 * Commands on their way to a worker's service. They are written straight into memory that native
 * code reads, and handed over once per turn of the loop: a send costs no call into native code.
 */
export class Outbox {
  readonly #end: NativeEnd;
  readonly #channel: number;
  readonly #slabs: Slab[] = [];
  #index: number;
  #slab: Slab;
  /** Bytes written into the slab. */
  #position = 0;
  /** Within the dispatch of events: it flushes at its end. */
  #dispatching = false;
  #scheduled = false;
  #closed = false;

  /** @param channel its number, for errors */
  constructor(end: NativeEnd, channel: number) {
    this.#end = end;
    this.#channel = channel;
    this.#index = end.acquire();
    this.#slab = this.#slabAt(this.#index);
  }

  /**
   * A message, or bytes of a raw connection. Returns how many bytes of payload it has.
   *
   * @param flags FLAG_BINARY, FLAG_PLAIN
   */
  send(slot: number, generation: number, data: string | Uint8Array, flags: number): number {
    if (typeof data !== 'string') {
      this.#write(Command.send, flags, slot, generation, 0, data);
      return data.length;
    }
    // UTF-8 takes at most three bytes for a unit of UTF-16.
    const room = this.#slab.bytes.length - this.#position - HEADER;
    if (data.length * 3 > room) {
      const bytes = whileMemoryLasts(
        () => Buffer.from(data),
        connectionId(this.#channel, slot, generation),
      );
      this.#write(Command.send, flags, slot, generation, 0, bytes);
      return bytes.length;
    }
    const length = this.#slab.bytes.write(data, this.#position + HEADER);
    this.#header(Command.send, flags, slot, generation, 0, length);
    return length;
  }

  command(
    type: number,
    slot: number,
    generation: number,
    aux = 0,
    payload: Uint8Array = EMPTY,
    flags = 0,
  ): void {
    this.#write(type, flags, slot, generation, aux, payload);
  }

  /** A message for every connection of a group. */
  broadcast(group: number, data: Uint8Array, flags: number): void {
    this.#write(Command.broadcast, flags, 0, 0, group, data);
  }

  /** Runs the dispatch of a batch of events; all that is sent meanwhile leaves at its end. */
  during(dispatch: () => void): void {
    this.#dispatching = true;
    try {
      dispatch();
    } finally {
      this.#dispatching = false;
      this.flush();
    }
  }

  flush(): void {
    if (this.#position === 0 || this.#closed) return;
    const length = this.#position;
    this.#position = 0;
    this.#index = this.#end.submit(this.#index, length);
    this.#slab = this.#slabAt(this.#index);
  }

  /** Nobody reads any more: what is written from now on goes nowhere. */
  close(): void {
    this.#closed = true;
  }

  #write(
    type: number,
    flags: number,
    slot: number,
    generation: number,
    aux: number,
    payload: Uint8Array,
  ): void {
    if (this.#closed) return;
    const size = recordSize(payload.length);
    if (this.#position + size > this.#slab.bytes.length) {
      this.flush();
      if (size > this.#slab.bytes.length) {
        whileMemoryLasts(
          () => this.#end.submitLarge(type, flags, slot, generation, aux, payload),
          connectionId(this.#channel, slot, generation),
        );
        return;
      }
    }
    this.#slab.bytes.set(payload, this.#position + HEADER);
    this.#header(type, flags, slot, generation, aux, payload.length);
  }

  #header(
    type: number,
    flags: number,
    slot: number,
    generation: number,
    aux: number,
    length: number,
  ): void {
    const { words } = this.#slab;
    const at = this.#position >> 2;
    const size = recordSize(length);
    words[at + SIZE] = size;
    words[at + TYPE_AND_FLAGS] = type | (flags << 16);
    words[at + SLOT] = slot;
    words[at + GENERATION] = generation;
    words[at + LENGTH] = length;
    words[at + AUX] = aux;
    this.#position += size;
    if (this.#dispatching || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #slabAt(index: number): Slab {
    const known = this.#slabs[index];
    if (known !== undefined) return known;
    const buffer = this.#end.slab(index);
    const slab = { words: new Int32Array(buffer), bytes: Buffer.from(buffer) };
    this.#slabs[index] = slab;
    return slab;
  }
}
