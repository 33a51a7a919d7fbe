import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { errorIn } from '../channel/failure.js';
import { decodeFields, textOf } from '../channel/fields.js';
import { createInbox, type OnRecord } from '../channel/inbox.js';
import { Ledgers } from '../channel/ledger.js';
import type { Wire } from '../channel/link.js';
import { Outbox } from '../channel/outbox.js';
import { Command, Event } from '../channel/record.js';
import { guarded } from '../channel/uncaught.js';
import { type NativeChannel, type NativeEndpoint, native, type OnEvents } from '../native.js';
import { FIGURE, Figures } from '../stats/figures.js';
import type { Counted } from '../stats/pool.js';
import type { Sampled } from '../stats/sample.js';
import type { FromWorker, ServiceTask, ToWorker } from '../workers/control.js';
import { Connection } from './connection.js';
import { createError, type LwsPoolError } from './errors.js';
import { LeaseCoordinator } from './lease/coordinator.js';
import type { LeaseReport } from './lease/leaks.js';
import type { ResolvedPoolOptions } from './options.js';

/** A connection that is being opened. */
export interface Request {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly kind: 'ws' | 'raw';
  readonly highWaterMark: number;
  /** Of handlers in the worker; 0: none. */
  readonly group: number;
  /** When it was asked for, and when its addresses were known: monotonicNow(). */
  readonly requested: number;
  readonly resolved: number;
  resolve(connection: Connection): void;
  reject(error: LwsPoolError): void;
}

type Entry =
  | { readonly generation: number; readonly request: Request; readonly connection?: undefined }
  | {
      readonly generation: number;
      readonly request?: undefined;
      readonly connection: Connection;
    };

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
  readonly outbox: Outbox;
  readonly #events: WorkerEvents;
  readonly #channel: NativeChannel;
  readonly #wire: Wire;
  readonly #leases: LeaseCoordinator;
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
  /** Why the thread is gone. */
  #ended: LwsPoolError | undefined;

  constructor(
    index: number,
    { maxConnections, lease: leases, stats }: ResolvedPoolOptions,
    events: WorkerEvents,
  ) {
    this.index = index;
    this.#events = events;
    const inbox = createInbox(() => this.#channel, this.#onRecord);
    const onEvents: OnEvents = (...range) => this.outbox.during(() => inbox(...range));
    this.#channel = new native.Channel(maxConnections, onEvents, stats);
    this.outbox = new Outbox(this.#channel);
    this.#wire = {
      outbox: this.outbox,
      ledgers: new Ledgers(this.#channel),
      figures: stats ? new Figures(this.#channel) : undefined,
      side: 'owner',
    };
    this.#leases = new LeaseCoordinator({
      channel: this.#channel.key,
      side: 'owner',
      outbox: this.outbox,
      leases,
      report: (report) => events.onLease(report),
    });
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#remotePort = port2;
    port1.on('message', (message: FromWorker) => events.onMessage(this, message));
    port1.unref();
  }

  task({ handshakesInFlight, poller, stats }: ResolvedPoolOptions): ServiceTask {
    return {
      port: this.#remotePort,
      worker: this.index,
      channel: this.#channel.key,
      handshakesInFlight,
      poller,
      stats,
      leases: this.#leases.options,
    };
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
    const entry: Entry = { generation, request };
    this.#entries[slot] = entry;
    return () => {
      if (this.#entries[slot] === entry) this.outbox.command(Command.terminate, slot, generation);
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

  /** Gives up what is not open yet. */
  abandonOpening(): void {
    for (const [slot, entry] of this.#entries.entries()) {
      if (entry !== undefined && entry.connection === undefined) {
        this.outbox.command(Command.terminate, slot, entry.generation);
      }
    }
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
    for (const entry of entries) {
      if (entry === undefined) continue;
      if (entry.connection === undefined) entry.request.reject(error);
      else guarded(() => entry.connection.onClosed(1006, '', error));
    }
    this.#leases.close();
    this.onSampled();
    this.#events.onRoom();
  }

  readonly #onRecord: OnRecord = (type, slot, generation, payload, isBinary, aux) => {
    const entry = this.#entries[slot];
    if (entry === undefined || entry.generation !== generation) return;
    if (entry.connection === undefined) {
      if (type === Event.opened) this.#opened(slot, entry.generation, entry.request, payload);
      else if (type === Event.failed) this.#failed(slot, entry.generation, entry.request, payload);
    } else if (type === Event.closed) {
      this.#closed(slot, generation, entry.connection, payload, aux);
    } else {
      entry.connection.onRecord(type, payload, isBinary, aux);
    }
  };

  #opened(slot: number, generation: number, request: Request, payload: Buffer): void {
    const connection = new Connection({
      wire: this.#wire,
      leases: this.#leases,
      slot,
      generation,
      highWaterMark: request.highWaterMark,
      worker: this.index,
      id: `${this.#channel.key}.${slot}.${generation}`,
      url: request.url,
      kind: request.kind,
      handled: request.group !== 0,
      fields: decodeFields(payload),
    });
    this.#entries[slot] = { generation, connection };
    request.resolve(connection);
    if (this.#opening.push(connection) > 1) return;
    setImmediate(() => {
      for (const opened of this.#opening.splice(0)) opened.onSettled();
    });
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
    connection.keepStats();
    this.#free(slot, generation);
    connection.onClosed(code, textOf(fields, 'closeReason'), errorIn(fields, known));
  }

  #free(slot: number, generation: number): void {
    this.#entries[slot] = undefined;
    this.#channel.release(slot, generation);
    this.addConnections(-1);
    this.#events.onRoom();
  }
}
