import { Fifo } from '../base/fifo.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { LeaseHandle } from '../lease/handle.js';
import {
  type Attachment,
  BUFFER,
  ECANCELED,
  ENOBUFS,
  MORE,
  NOTHING,
  Operation,
  type Task,
} from './operation.js';
import { Stream } from './stream.js';

/** What a multishot operation asks of its ring. */
export interface Arming {
  /** Makes and starts it, now or again. */
  arm(operation: Operation): void;
  cancel(operation: Operation): void;
  /** The bytes in one of the ring's buffers, which is free afterwards. */
  chunk(buffer: number, size: number): Buffer;
}

/** What it does, and on what. */
export interface Work {
  readonly task: Task;
  readonly attachment: Attachment;
  readonly handle: LeaseHandle;
  /** Of poll(2). */
  readonly events: number;
}

/** One that answers until it is cancelled. The kernel may end it before; then it begins again. */
export abstract class Multishot<Value> extends Operation {
  declare readonly attachment: Attachment;
  readonly stream: Stream<Value>;
  protected readonly arming: Arming;
  protected inFlight = true;
  protected stopped = false;
  /** Takes the listener of its signal back. */
  onOver: (() => void) | undefined;

  constructor(arming: Arming, work: Work, merge?: (last: Value, next: Value) => Value) {
    super(work.task, work.attachment, work.handle, work.events, NOTHING);
    this.arming = arming;
    this.stream = new Stream(
      {
        taken: () => this.taken(),
        stop: () => {
          this.stopped = true;
          if (this.inFlight) arming.cancel(this);
        },
      },
      merge,
    );
  }

  /** The first time. */
  start(): void {
    this.arming.arm(this);
  }

  /** Something was taken from the stream. */
  protected abstract taken(): void;

  answer(result: number, flags: number): void {
    this.inFlight = (flags & MORE) !== 0;
    const again = this.came(result, flags);
    if (this.inFlight || this.stopped) return;
    if (again) this.begin();
  }

  /** Whether it goes on; where not, the stream was told. */
  protected abstract came(result: number, flags: number): boolean;

  /** By its signal. */
  abort(error: LwsPoolError): void {
    this.why = error;
    if (this.inFlight) this.arming.cancel(this);
    else this.fail(error);
  }

  fail(error: LwsPoolError): void {
    this.inFlight = false;
    this.over(error);
  }

  protected over(error?: LwsPoolError): void {
    this.stream.end(error);
    this.onOver?.();
  }

  /** Again, unless something has happened to the lease or to the ring meanwhile. */
  protected begin(): void {
    try {
      if (this.why !== undefined) throw this.error(ECANCELED);
      this.arming.arm(this);
      this.inFlight = true;
    } catch (error) {
      this.fail(error as LwsPoolError);
    }
  }
}

/** Events of poll(2). Those that nobody has taken yet are joined. */
export class PollMany extends Multishot<number> {
  constructor(arming: Arming, work: Work) {
    super(arming, work, (last, next) => last | next);
  }

  protected taken(): void {
    // At most one waits.
  }

  protected came(result: number): boolean {
    if (result >= 0) {
      this.stream.push(result);
      return true;
    }
    this.over(this.error(result));
    return false;
  }
}

/** Bytes as they arrive. */
export class ReceiveMany extends Multishot<Buffer> {
  readonly #highWaterMark: number;
  readonly #sizes = new Fifo<number>();
  #bytes = 0;
  #paused = false;
  /** Cancelled for a pause, and nothing else. */
  #pausing = false;

  constructor(arming: Arming, work: Work, highWaterMark: number) {
    super(arming, work);
    this.#highWaterMark = highWaterMark;
  }

  protected came(result: number, flags: number): boolean {
    if ((flags & BUFFER) !== 0) {
      const chunk = this.arming.chunk(flags >>> 16, Math.max(0, result));
      if (chunk.length > 0) this.#keep(chunk);
    }
    const { ending } = this.attachment.state;
    const paused = result === ECANCELED && this.#pausing && (this.why ?? ending) === undefined;
    if (!this.inFlight) this.#pausing = false;
    // ENOBUFS: all buffers were in use; they are free again.
    if (result > 0 || result === ENOBUFS || paused) return !this.#paused;
    this.over(result === 0 ? undefined : this.error(result));
    return false;
  }

  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#sizes.push(chunk.length);
    this.stream.push(chunk);
    if (this.stream.waiting === 0) this.taken();
    if (this.#paused || this.#bytes <= this.#highWaterMark) return;
    this.#paused = true;
    this.#pausing = this.inFlight;
    if (this.inFlight) this.arming.cancel(this);
  }

  protected taken(): void {
    while (this.#sizes.length > this.stream.waiting) this.#bytes -= this.#sizes.shift() as number;
    if (!this.#paused || this.#bytes > this.#highWaterMark / 2) return;
    this.#paused = false;
    if (!this.inFlight && !this.stopped && !this.stream.ended) this.begin();
  }
}
