import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { guarded } from '../base/uncaught.js';
import { connectionId } from '../channel/connection-id.js';
import { endedWithPool, errorIn } from '../channel/failure.js';
import { decodeFields, textOf } from '../channel/fields.js';
import { FIGURE, Figures, monotonicNow } from '../channel/figures.js';
import { ceilingOf } from '../channel/held.js';
import { createInbox, type OnRecord } from '../channel/inbox.js';
import { Ledgers } from '../channel/ledger.js';
import { CLOSING, type Wire } from '../channel/link.js';
import { Outbox } from '../channel/outbox.js';
import { Command, Event } from '../channel/record.js';
import { Connection } from '../connection/connection.js';
import { CORE } from '../connection/internal.js';
import { createError, type LwsPoolError, withFlightRecord } from '../errors/errors.js';
import { FlightRecord } from '../flight/record.js';
import { ConnectionChecks } from '../health/connection-checks.js';
import { Heartbeat } from '../health/heartbeat.js';
import { Pulse } from '../health/pulse.js';
import type { Trouble } from '../health/warning.js';
import { warningIn } from '../health/warning-record.js';
import { LeaseCoordinator } from '../lease/coordinator.js';
import { MAKE } from '../lease/internal.js';
import type { LeaseReport } from '../lease/leaks.js';
import { type NativeChannel, type NativeEndpoint, native, type OnEvents } from '../native.js';
import type { OwnerFigures } from '../observe/stats/owner.js';
import type { Counted } from '../observe/stats/pool.js';
import { type Former, sumConnections, type WorkerReading } from '../observe/stats/reading.js';
import type { Sampled } from '../observe/stats/sample.js';
import type { ResolvedPoolOptions } from '../options/options.js';
import type { FromWorker, ServiceTask, ToWorker } from '../workers/control.js';
import { openingOverdue } from './deadlines.js';

/** A connection that is being opened. */
export interface Request {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly kind: 'ws' | 'raw';
  readonly highWaterMark: number;
  /** Milliseconds, for what the worker itself cannot end since it hangs. */
  readonly timeout: number;
  readonly closeTimeout: number;
  /** Of handlers in the worker; 0: none. */
  readonly group: number;
  /** When it was asked for, and when its addresses were known: monotonicNow(). */
  readonly requested: number;
  readonly resolved: number;
  resolve(connection: Connection): void;
  reject(error: LwsPoolError): void;
}

type Entry =
  | {
      readonly generation: number;
      readonly request: Request;
      readonly connection?: undefined;
      /** Its signal has aborted, or the pool is being closed: the worker has been told. */
      givenUp: boolean;
    }
  | {
      readonly generation: number;
      readonly request?: undefined;
      readonly connection: Connection;
      /** By a handler in the worker, where it is looked after as well. */
      readonly handled: boolean;
      readonly closeTimeout: number;
      /** When it was first seen closing while the worker did not answer; of monotonicNow(). */
      closingSince?: number | undefined;
    }
  /** The caller was told that it is over. Its slot is free once the worker has said so as well. */
  | { readonly generation: number; readonly request?: undefined; readonly connection?: undefined };

/** What errors say of a peer besides what native code knows. */
export function knownOf(peer: { url: string; host: string; port: number }) {
  const { url, host, port } = peer;
  return { url, host, ...(port > 0 ? { port: `${port}` } : {}) };
}

export interface WorkerEvents {
  /** A control message. */
  onMessage(worker: PoolWorker, message: FromWorker): void;
  /** A connection has ended, or was never opened: there is room again. */
  onRoom(): void;
  /** A lease of this thread was lost, or is held for long. */
  onLease(report: LeaseReport): void;
  /** Something was found that ends nothing. */
  onTrouble(trouble: Trouble): void;
}

/**
 * The main thread's end of one worker thread. It dies with the thread; the thread that takes its
 * place gets a new one.
 */
export class PoolWorker {
  readonly index: number;
  /** Open and opening, groups' included. */
  connections = 0;
  alive = false;
  /** Once it is alive. */
  thread: Worker | undefined;
  readonly heartbeat = new Heartbeat();
  readonly pulse = new Pulse();
  readonly outbox: Outbox;
  readonly #events: WorkerEvents;
  readonly #figures: OwnerFigures;
  readonly #channel: NativeChannel;
  readonly #wire: Wire;
  readonly #leases: LeaseCoordinator;
  readonly #checks: ConnectionChecks | undefined;
  readonly #port: MessagePort;
  readonly #remotePort: MessagePort;
  /** By slot. */
  readonly #entries: (Entry | undefined)[] = [];
  readonly #name = new Uint32Array(2);
  /** Those whose `connect()` has resolved in this turn of the loop. */
  readonly #opening: Connection[] = [];
  readonly #sampling: (() => void)[] = [];
  readonly #tcp: Float64Array[] = [];
  #referenced = false;
  /** What the worker counts; this thread's view of it is made once. */
  #counts: Float64Array | undefined;
  /** How long its event loop was at work, as last seen: it is not told any more of one that is gone. */
  #active = 0;
  /** Why the thread is gone. */
  #ended: LwsPoolError | undefined;

  constructor(
    index: number,
    options: ResolvedPoolOptions,
    figures: OwnerFigures,
    events: WorkerEvents,
  ) {
    const { maxConnections, lease: leases, stats, warnings, userTiming } = options;
    this.index = index;
    this.#figures = figures;
    this.#events = events;
    const inbox = createInbox(() => this.#channel, this.#onRecord);
    const onEvents: OnEvents = (...range) => this.outbox.during(() => inbox(...range));
    const ceiling = ceilingOf(options.maxUnread, options.threads);
    this.#channel = new native.Channel(maxConnections, onEvents, stats, ceiling);
    this.outbox = new Outbox(this.#channel, this.#channel.key);
    this.#wire = {
      channel: this.#channel.key,
      outbox: this.outbox,
      ledgers: new Ledgers(this.#channel),
      figures: stats ? new Figures(this.#channel) : undefined,
      totals: this.#channel.workerFigures(),
      side: 'main',
      held: this.#channel.held(),
      ceiling,
    };
    this.#leases = new LeaseCoordinator({
      channel: this.#channel.key,
      side: 'main',
      outbox: this.outbox,
      leases,
      durations: stats ? { wait: figures.leaseWait, hold: figures.leaseHold } : undefined,
      observe: (subject) => figures.observer?.leasing(subject),
      report: (report) => events.onLease(report),
      userTiming,
    });
    if (warnings !== undefined) {
      this.#checks = new ConnectionChecks(warnings, this.#leases.native, (trouble) =>
        events.onTrouble({ ...trouble, worker: index }),
      );
    }
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#remotePort = port2;
    port1.on('message', (message: FromWorker) => events.onMessage(this, message));
    port1.unref();
  }

  task(options: ResolvedPoolOptions): ServiceTask {
    const { handshakesInFlight, poller, flightRecorder, stats, warnings, userTiming } = options;
    return {
      port: this.#remotePort,
      worker: this.index,
      channel: this.#channel.key,
      handshakesInFlight,
      ceiling: this.#wire.ceiling,
      poller,
      flightRecorder,
      stats,
      leases: this.#leases.options,
      warnings,
      userTiming,
      heart: this.heartbeat.heart,
      pulse: this.pulse.heart,
    };
  }

  /** Whether it is alive and answers. */
  get available(): boolean {
    return this.alive && !this.pulse.lost;
  }

  post(message: ToWorker): void {
    this.#port.postMessage(message);
  }

  /**
   * Begins a connection that has been counted; the request is told how it went.
   *
   * @returns gives it up, with ERR_ABORTED, if it is not open yet
   */
  connect(endpoint: NativeEndpoint, request: Request): () => void {
    const name = this.#name;
    if (this.#ended !== undefined) {
      request.reject(this.#ended);
      return () => undefined;
    }
    if (!this.#channel.connect(endpoint, request.group, name)) {
      this.addConnections(-1);
      request.reject(createError('ERR_TOO_MANY_CONNECTIONS'));
      return () => undefined;
    }
    const [slot, generation] = name as unknown as [number, number];
    this.#note(slot, request);
    const entry = { generation, request, givenUp: false };
    this.#entries[slot] = entry;
    return () => {
      if (this.#entries[slot] !== entry) return;
      entry.givenUp = true;
      this.outbox.command(Command.terminate, slot, generation);
    };
  }

  /** Has the worker read TCP_INFO of its connections; resolves when it has, or is gone. */
  sampleTcp(unread: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#sampling.push(resolve);
      if (this.#sampling.length === 1) this.post({ type: 'sample', unread });
    });
  }

  /** It has. */
  onSampled(): void {
    for (const resolve of this.#sampling.splice(0)) resolve();
  }

  sampled(): Sampled {
    const { figures } = this.#wire;
    const segments = figures?.segments() ?? [];
    for (let index = this.#tcp.length; index < segments.length; index++) {
      const segment = this.#channel.tcpFigures(index);
      if (segment === undefined) break;
      this.#tcp.push(segment);
    }
    return { channel: this.#channel.key, worker: this.index, segments, tcp: this.#tcp };
  }

  #note(slot: number, { requested, resolved }: Request): void {
    const row = this.#wire.figures?.row(slot);
    if (row === undefined) return;
    row.figures[row.base + FIGURE.requested] = requested;
    row.figures[row.base + FIGURE.resolved] = resolved;
  }

  /** What has been counted; undefined where nothing is. */
  counted(): Counted | undefined {
    const { figures } = this.#wire;
    const worker = this.#channel.workerFigures();
    if (figures === undefined || worker === undefined) return undefined;
    return {
      channel: this.#channel.key,
      worker: this.index,
      alive: this.alive,
      segments: figures.copy(),
      figures: worker.slice(),
      utilization: this.thread?.performance.eventLoopUtilization().utilization ?? 0,
    };
  }

  /** What there is to say of the worker as a whole, at once; undefined where nothing is counted. */
  reading(): WorkerReading | undefined {
    const { figures } = this.#wire;
    this.#counts ??= this.#channel.workerFigures();
    const counts = this.#counts;
    if (figures === undefined || counts === undefined) return undefined;
    const former = this.#figures.former[this.index] as Former;
    const active = this.thread?.performance.eventLoopUtilization().active ?? 0;
    this.#active = Math.max(this.#active, active);
    return {
      worker: this.index,
      alive: this.alive,
      figures: counts,
      totals: former.totals(counts),
      active: former.active(this.#active),
      ...sumConnections(figures.segments()),
    };
  }

  /** Its thread has crashed: what it has counted is not lost. */
  keepCounts(): void {
    const reading = this.reading();
    if (reading !== undefined) this.#figures.former[this.index]?.add(reading, this.#active);
  }

  /** Counts connections in (or out, where negative); while there are any the process stays. */
  addConnections(count: number): void {
    if (this.#ended !== undefined) return;
    this.connections += count;
    if (this.connections > 0 === this.#referenced) return;
    this.#referenced = this.connections > 0;
    if (this.#referenced) this.#channel.ref();
    else this.#channel.unref();
  }

  /** Those that are open and belong to this thread. */
  *open(): Generator<Connection> {
    for (const entry of this.#entries) {
      if (entry?.connection !== undefined) yield entry.connection;
    }
  }

  /** The one of this name, if it is open and belongs to this thread. */
  connection(slot: number, generation: number): Connection | undefined {
    const entry = this.#entries[slot];
    return entry?.generation === generation ? entry.connection : undefined;
  }

  /** What the one of this name is being connected to. */
  urlOf(slot: number, generation: number): string | undefined {
    const entry = this.#entries[slot];
    return entry?.generation === generation ? entry.request?.url : undefined;
  }

  /** Looks for trouble on the connections that belong to this thread. */
  round(now: number): void {
    const at = (slot: number) => {
      const entry = this.#entries[slot];
      if (entry?.connection === undefined || entry.handled) return undefined;
      return entry.connection[CORE];
    };
    this.#checks?.round(this.#entries.length, at, now);
  }

  /** Gives up what is not open yet. */
  abandonOpening(): void {
    for (const [slot, entry] of this.#entries.entries()) {
      if (entry?.request !== undefined) {
        entry.givenUp = true;
        this.outbox.command(Command.terminate, slot, entry.generation);
      }
    }
  }

  /**
   * The worker does not answer: what is over by the clock of this thread is told so from here. What
   * the worker says of it later finds nobody.
   */
  settleOverdue(): void {
    const now = monotonicNow();
    const since = now - (performance.now() - this.pulse.since);
    for (const [slot, entry] of this.#entries.entries()) {
      if (entry?.request !== undefined) this.#settleOpening(slot, entry, since, now);
      else if (entry?.connection !== undefined) this.#settleClosing(slot, entry, now);
    }
    this.onSampled();
  }

  #settleOpening(
    slot: number,
    entry: Entry & { request: Request },
    since: number,
    now: number,
  ): void {
    const { request, generation } = entry;
    const { timeout, resolved: handed } = request;
    const row = this.#wire.figures?.row(slot);
    const begun = row === undefined ? 0 : (row.figures[row.base + FIGURE.begun] as number);
    const terms = { timeout, givenUp: entry.givenUp, begun, handed };
    const error = openingOverdue(terms, knownOf(request), this.index, since, now);
    if (error === undefined) return;
    const own = this.#withRecord(error, slot, entry);
    this.#disown(slot, generation);
    request.reject(own);
  }

  #settleClosing(
    slot: number,
    entry: Entry & { connection: Connection; closingSince?: number | undefined },
    now: number,
  ): void {
    const { connection, generation, closeTimeout } = entry;
    const { readyState, cut } = connection[CORE].link;
    if (readyState !== CLOSING) return;
    entry.closingSince ??= now;
    if (!cut && now - entry.closingSince < closeTimeout) return;
    const known = { url: connection.url, connection: connection.id };
    const details = { ...known, worker: this.index, timeout: closeTimeout };
    const error = cut
      ? undefined
      : this.#withRecord(createError('ERR_CLOSE_TIMEOUT', details), slot, entry);
    connection[CORE].keepStats();
    this.#disown(slot, generation);
    if (error !== undefined) this.#figures.ended(error.code);
    guarded(() => connection[CORE].onClosed(1006, '', error));
  }

  #disown(slot: number, generation: number): void {
    this.#entries[slot] = { generation };
    this.outbox.command(Command.terminate, slot, generation);
  }

  /** The thread is gone: all that it had ends with that error. */
  end(error: LwsPoolError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.alive = false;
    this.outbox.close();
    this.#channel.close();
    this.#port.close();
    const entries = this.#entries.splice(0);
    this.connections = 0;
    for (const [slot, entry] of entries.entries()) {
      if (entry === undefined) continue;
      if (entry.connection === undefined) {
        entry.request?.reject(this.#withRecord(error, slot, entry));
        continue;
      }
      const { url, id } = entry.connection;
      const own = this.#withRecord(endedWithPool(error, { url, connection: id }), slot, entry);
      this.#figures.ended(error.code);
      guarded(() => entry.connection[CORE].onClosed(1006, '', own));
    }
    this.#leases.close();
    this.onSampled();
    this.#events.onRoom();
  }

  /** The error for one connection: an own one where something is recorded of it. */
  #withRecord(error: LwsPoolError, slot: number, entry: Entry): LwsPoolError {
    const bytes = this.#channel.flightOfError(slot, entry.generation);
    if (bytes === undefined) return error;
    const url = (entry.connection ?? entry.request)?.url;
    const { code, details, cause, stack } = error;
    const own = createError(code, details, cause === undefined ? undefined : { cause });
    return withFlightRecord(Object.assign(own, { stack }), bytes, url);
  }

  readonly #onRecord: OnRecord = (type, slot, generation, payload, isBinary, aux) => {
    const entry = this.#entries[slot];
    if (entry === undefined || entry.generation !== generation) return;
    if (entry.connection === undefined) {
      if (entry.request === undefined) {
        if (type === Event.failed || type === Event.closed) this.#free(slot, generation);
      } else if (type === Event.warned) {
        this.#events.onTrouble(warningIn(payload, this.#id(slot, generation), this.index));
      } else if (type === Event.opened)
        this.#opened(slot, entry.generation, entry.request, payload);
      else if (type === Event.failed) this.#failed(slot, entry.generation, entry.request, payload);
    } else if (type === Event.closed) {
      this.#closed(slot, generation, entry.connection, payload, aux);
    } else {
      entry.connection[CORE].onRecord(type, payload, isBinary, aux);
    }
  };

  /** What is recorded of all its connections, groups' included, a few at a time. */
  *flightRecords(known: (group: number) => string | undefined): Generator<FlightRecord[]> {
    for (let segment = 0; ; segment++) {
      const records = this.#channel.flightRecords(segment);
      if (records === undefined) return;
      yield records.map((bytes) => {
        const [slot, generation, group] = [8, 12, 16].map((at) => bytes.readUInt32LE(at));
        const entry = this.#entries[slot as number];
        const own = entry?.generation === generation ? entry : undefined;
        const url = (own?.connection ?? own?.request)?.url ?? known(group as number);
        return new FlightRecord(bytes, { url });
      });
    }
  }

  #id(slot: number, generation: number): string {
    return connectionId(this.#channel.key, slot, generation);
  }

  readonly #record = (slot: number, generation: number): Buffer | undefined =>
    this.#channel.flightRecord(slot, generation);

  #opened(slot: number, generation: number, request: Request, payload: Buffer): void {
    const connection = Connection[MAKE]({
      place: {
        wire: this.#wire,
        worker: this.index,
        url: request.url,
        kind: request.kind,
        highWaterMark: request.highWaterMark,
        leases: this.#leases,
        flightRecord: this.#record,
      },
      slot,
      generation,
      handled: request.group !== 0,
      fields: decodeFields(payload),
      warn: this.#events.onTrouble,
    });
    const { closeTimeout } = request;
    this.#entries[slot] = { generation, connection, handled: request.group !== 0, closeTimeout };
    this.#noteOpening(slot, request);
    request.resolve(connection);
    if (this.#opening.push(connection) > 1) return;
    setImmediate(() => {
      for (const opened of this.#opening.splice(0)) opened[CORE].onSettled();
    });
  }

  #noteOpening(slot: number, { requested, resolved }: Request): void {
    const row = this.#wire.figures?.row(slot);
    if (row === undefined) return;
    this.#figures.lookup.note(resolved - requested);
    this.#figures.connect.note((row.figures[row.base + FIGURE.opened] as number) - requested);
  }

  #failed(slot: number, generation: number, request: Request, payload: Buffer): void {
    const known = knownOf(request);
    const error = errorIn(decodeFields(payload), known);
    this.#free(slot, generation);
    request.reject(error ?? createError('ERR_SYSTEM', known as never));
  }

  #closed(
    slot: number,
    generation: number,
    connection: Connection,
    payload: Buffer,
    code: number,
  ): void {
    const fields = decodeFields(payload);
    const known = { url: connection.url, connection: connection.id };
    connection[CORE].keepStats();
    this.#free(slot, generation);
    const error = errorIn(fields, known);
    if (error !== undefined) this.#figures.ended(error.code);
    connection[CORE].onClosed(code, textOf(fields, 'closeReason'), error);
  }

  #free(slot: number, generation: number): void {
    this.#entries[slot] = undefined;
    this.#channel.release(slot, generation);
    this.addConnections(-1);
    this.#events.onRoom();
  }
}
