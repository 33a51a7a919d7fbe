import type { NativeEnd } from '../native.js';
import { DURATION_SIZE, Durations } from './durations.js';

/**
 * What is counted of each connection, in the order in which it lies in memory: ConnectionFigures in
 * native/core/stats/figures.h. Times are those of the monotonic clock in milliseconds, 0 for never.
 */
export const FIGURES = [
  'generation',
  'state',
  'group',
  'traits',
  'attempts',
  'queued',
  'begun',
  'connected',
  'secured',
  'opened',
  'firstMessage',
  'lastRead',
  'lastWrite',
  'messagesReceived',
  'messagesSent',
  'bytesReceived',
  'bytesSent',
  'reads',
  'writes',
  'queuedBytes',
  'queuedBytesMax',
  'pingsReceived',
  'pingsSent',
  'pongsReceived',
  'roundTrips',
  'roundTripLast',
  'roundTripMin',
  'roundTripMax',
  'roundTripTotal',
  'messagesUnsent',
  'messagesDiscarded',
  'encodedReceived',
  'decodedReceived',
  'encodedSent',
  'decodedSent',
  'mainUnsent',
  'requested',
  'resolved',
  'mainLeases',
  'mainWaitTotal',
  'mainWaitMax',
  'mainHoldTotal',
  'mainHoldMax',
  'handlerLeases',
  'handlerWaitTotal',
  'handlerWaitMax',
  'handlerHoldTotal',
  'handlerHoldMax',
] as const;

export type FigureName = (typeof FIGURES)[number];

export const FIGURE = Object.fromEntries(FIGURES.map((name, index) => [name, index])) as Readonly<
  Record<FigureName, number>
>;

/** The same of a worker: WorkerFigures. */
export const WORKER_FIGURE = {
  messagesReceived: 0,
  messagesSent: 1,
  bytesReceived: 2,
  bytesSent: 3,
  turns: 4,
  events: 5,
  eventsMax: 6,
  busy: 7,
  turnMax: 8,
  turnBegan: 9,
  messagesUnsent: 10,
  messagesDiscarded: 11,
  encodedReceived: 12,
  decodedReceived: 13,
  encodedSent: 14,
  decodedSent: 15,
  mainUnsent: 16,
  heapUsed: 17,
  heapTotal: 18,
  external: 19,
  opened: 20,
  /** And behind it the other kinds, see closeKindName(). */
  closed: 21,
} as const;

/** Kinds of close codes: closeKind() in native code. */
export const CLOSE_KINDS = 19;

/** Where it is counted how many connections closed with that code: 1000 to 1015. */
export function closedWith(code: number): number {
  return WORKER_FIGURE.closed + code - 1000;
}

/** A code that RFC 6455 or IANA knows, or which others. */
export function closeKindName(kind: number): string {
  if (kind < 16) return `${1000 + kind}`;
  return ['3xxx', '4xxx'][kind - 16] ?? 'other';
}

const WORKER_DURATIONS = [
  ...(['queue', 'tcp', 'tls', 'upgrade', 'roundTrip', 'leaseWait', 'leaseHold'] as const),
];

export type WorkerDurationName = (typeof WORKER_DURATIONS)[number];

/** Where the histograms of a worker lie among its figures. */
export function workerDurations(figures: Float64Array, name: WorkerDurationName): Durations {
  const index = WORKER_DURATIONS.indexOf(name);
  return new Durations(figures, WORKER_FIGURE.closed + CLOSE_KINDS + index * DURATION_SIZE);
}

/** kFigureSlots in native/core/channel/slot_table.h. */
export const SEGMENT_ROWS = 64;
export const ROW = FIGURES.length;

/** The figures of one connection: from `base` on. */
export interface FiguresRow {
  readonly figures: Float64Array;
  readonly base: number;
}

/** The figures of one worker's connections, where they are counted. */
export class Figures {
  readonly #end: NativeEnd;
  /** By index, in the order in which slots of theirs were asked for: with holes. */
  readonly #segments: Float64Array[] = [];
  /** Before the first hole. */
  #whole = 0;

  constructor(end: NativeEnd) {
    this.#end = end;
  }

  /** Undefined where nothing is counted. */
  row(slot: number): FiguresRow | undefined {
    const figures = this.#segment(Math.floor(slot / SEGMENT_ROWS));
    return figures && { figures, base: (slot % SEGMENT_ROWS) * ROW };
  }

  /** All there are, as they change. */
  segments(): readonly Float64Array[] {
    while (this.#segment(this.#whole) !== undefined) this.#whole++;
    return this.#segments;
  }

  /** All there are, as they are now: copies. */
  copy(): Float64Array[] {
    return this.segments().map((segment) => segment.slice());
  }

  #segment(index: number): Float64Array | undefined {
    const known = this.#segments[index];
    if (known !== undefined) return known;
    const segment = this.#end.figures(index);
    if (segment !== undefined) this.#segments[index] = segment;
    return segment;
  }
}

/** Where one side counts; undefined where nothing is counted. */
export interface Counts {
  readonly figures: Figures | undefined;
  /** Of the worker. */
  readonly totals: Float64Array | undefined;
  readonly side: 'main' | 'handler';
}

/** A message that came to be sent too late. */
export function countUnsent({ figures, totals, side }: Counts, slot: number): void {
  const row = figures?.row(slot);
  if (row === undefined || totals === undefined) return;
  const name = side === 'main' ? 'mainUnsent' : 'messagesUnsent';
  (row.figures[row.base + FIGURE[name]] as number)++;
  (totals[WORKER_FIGURE[name]] as number)++;
}

/** Milliseconds of the monotonic clock, which native code counts with. */
export function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

let offset: number | undefined;

/**
 * What has to be added to a time of the monotonic clock to make it one since the epoch: always the
 * same, so that a time is the same whenever it is asked for.
 */
export function epochOffset(): number {
  offset ??= performance.timeOrigin + performance.now() - monotonicNow();
  return offset;
}
