import { inspect } from 'node:util';
import { type FlightEvent, kindOf } from './kinds.js';
import { timeline } from './timeline.js';
import { type TraceEvent, type TraceRow, traceOf } from './trace.js';

/** What the reader of a record knows besides. */
export interface FlightKnown {
  /** As asked for, without user and password. */
  readonly url?: string | undefined;
  /** Code of the error that it came with. */
  readonly error?: string | undefined;
}

/** As native/core/flight/flight_recorder.h lays them out. */
const HEADER = 40;
const ENTRY = 16;

/** The bytes of a record, for structured clones. */
export let bytesOfRecord: (record: FlightRecord) => Buffer;
/** As `toTraceEvents()`, in a row of the reader's choice. */
export let traceEventsOf: (record: FlightRecord, row: TraceRow) => TraceEvent[];

/**
 * The latest events of one connection, copied from its flight recorder. A record has times, kinds and
 * sizes, but no content of messages.
 */
export class FlightRecord {
  /** Id of the connection. */
  readonly id: string;
  /** As asked for, without user and password; undefined where that is not known. */
  readonly url: string | undefined;
  /** Index of its worker. */
  readonly worker: number;
  /** Number of older events that are missing: overwritten, or too many for an error. */
  readonly lost: number;
  /** Code of the error that it came with; undefined without one. */
  readonly error: string | undefined;
  readonly #bytes: Buffer;
  readonly #offset: number;
  #events: readonly FlightEvent[] | undefined;

  static {
    bytesOfRecord = (record) => record.#bytes;
    traceEventsOf = (record, row) => {
      const micros = record.events.map((_, index) => record.#microseconds(HEADER + index * ENTRY));
      return traceOf(record, micros, row);
    };
  }

  /** @internal The bytes are kept. */
  constructor(bytes: Buffer, { url, error }: FlightKnown = {}) {
    const [channel, worker, slot, generation] = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at));
    this.id = `${channel}.${slot}.${generation}`;
    this.url = url;
    this.worker = worker as number;
    this.lost = bytes.readDoubleLE(24);
    this.error = error;
    this.#offset = bytes.readDoubleLE(32);
    this.#bytes = bytes;
  }

  /** The events, oldest first. */
  get events(): readonly FlightEvent[] {
    this.#events ??= Object.freeze(this.#read());
    return this.#events;
  }

  /** Returns a readable timeline: a line for each event, with milliseconds since the first. */
  toString(): string {
    return timeline(this);
  }

  /**
   * Returns the events in Chrome's trace event format, as the `traceEvents` of a file that Perfetto and
   * chrome://tracing open. `ts` is that of the monotonic clock in microseconds, as in Node's own.
   */
  toTraceEvents(): TraceEvent[] {
    return traceEventsOf(this, { pid: process.pid, tid: 1 });
  }

  /** Shows the id and the number of events in `console.log()`, not the bytes. */
  [inspect.custom](): string {
    return `FlightRecord { ${this.id}, ${this.events.length} events }`;
  }

  #microseconds(at: number): number {
    return this.#bytes.readUIntLE(at + 2, 6);
  }

  #read(): FlightEvent[] {
    const bytes = this.#bytes;
    const events: FlightEvent[] = [];
    for (let at = HEADER; at + ENTRY <= bytes.length; at += ENTRY) {
      const numbers = {
        a: bytes.readUInt32LE(at + 8),
        b: bytes.readUInt32LE(at + 12),
        detail: bytes.readUInt8(at),
      };
      const kind = kindOf(bytes.readUInt8(at + 1));
      events.push(
        Object.freeze({
          time: this.#offset + this.#microseconds(at) / 1000,
          name: kind.name,
          category: kind.category,
          direction: kind.direction,
          facts: Object.freeze(kind.facts?.(numbers) ?? {}),
        }),
      );
    }
    return events;
  }
}
