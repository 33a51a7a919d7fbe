import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Figures, monotonicNow } from '../channel/figures.js';
import { ceilingOf } from '../channel/held.js';
import { createInbox } from '../channel/inbox.js';
import { Ledgers } from '../channel/ledger.js';
import type { Wire } from '../channel/link.js';
import { Outbox } from '../channel/outbox.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import { ConnectionChecks } from '../health/connection-checks.js';
import { Heartbeat } from '../health/heartbeat.js';
import { Pulse } from '../health/pulse.js';
import type { Trouble } from '../health/warning.js';
import { LeaseCoordinator } from '../lease/coordinator.js';
import { type NativeChannel, type NativeEndpoint, native, type OnEvents } from '../native.js';
import type { Observers } from '../observe/observers.js';
import type { MainFigures } from '../observe/stats/main-figures.js';
import type { RetiredWorkerTotals } from '../observe/stats/reading.js';
import type { ResolvedPoolOptions } from '../options/options.js';
import type { FromWorker, ServiceTask, ToWorker } from '../workers/control.js';
import type { Request } from './opening.js';
import { Slots } from './slots.js';
import { WorkerFigures } from './worker-figures.js';

export interface WorkerEvents {
  /** A control message. */
  onMessage(worker: PoolWorker, message: FromWorker): void;
  /** A connection has ended, or was never opened: there is room again. */
  onSlotFreed(): void;
  /** Something was found that ends nothing. */
  onTrouble(trouble: Trouble): void;
}

/** What a pool and its workers share. */
export interface WorkerContext {
  readonly options: ResolvedPoolOptions;
  readonly figures: MainFigures;
  readonly observers: Observers;
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
  readonly slots: Slots;
  readonly figures: WorkerFigures;
  readonly #events: WorkerEvents;
  readonly #channel: NativeChannel;
  readonly #wire: Wire;
  readonly #leases: LeaseCoordinator;
  readonly #checks: ConnectionChecks | undefined;
  readonly #port: MessagePort;
  readonly #remotePort: MessagePort;
  readonly #name = new Uint32Array(2);
  readonly #sampling: (() => void)[] = [];
  #referenced = false;
  /** Why the thread is gone. */
  #ended: LwsPoolError | undefined;

  constructor(index: number, context: WorkerContext, events: WorkerEvents) {
    const { options, figures, observers } = context;
    const { maxConnections, lease: leases, stats, warnings, userTiming } = options;
    this.index = index;
    this.#events = events;
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
      observe: (subject) => observers.leasing(subject),
      report: (report) => observers.leaseReported(report),
      userTiming,
    });
    const onTrouble = (trouble: Trouble) => events.onTrouble(trouble);
    this.slots = new Slots({
      worker: index,
      channel: this.#channel,
      wire: this.#wire,
      leases: this.#leases,
      figures,
      onTrouble,
      onFreed: () => {
        this.addConnections(-1);
        events.onSlotFreed();
      },
    });
    const inbox = createInbox(() => this.#channel, this.slots.onRecord);
    const retired = figures.retired[index] as RetiredWorkerTotals;
    this.figures = new WorkerFigures(this, this.#channel, this.#wire.figures, retired);
    if (warnings !== undefined) {
      this.#checks = new ConnectionChecks(warnings, this.#leases.native, (trouble) =>
        onTrouble({ ...trouble, worker: index }),
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
    if (this.#ended !== undefined) {
      request.reject(this.#ended);
      return () => undefined;
    }
    if (!this.#channel.connect(endpoint, request.group, this.#name)) {
      this.addConnections(-1);
      request.reject(createError('ERR_TOO_MANY_CONNECTIONS'));
      return () => undefined;
    }
    const [slot, generation] = this.#name as unknown as [number, number];
    return this.slots.open(slot, generation, request);
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

  /** Looks for trouble on the connections that belong to this thread. */
  round(now: number): void {
    this.#checks?.round(this.slots.length, (slot) => this.slots.unhandled(slot), now);
  }

  /** The worker does not answer: what is over by the clock of this thread is told so. */
  settleOverdue(): void {
    const now = monotonicNow();
    this.slots.settleOverdue(now - (performance.now() - this.pulse.since), now);
    this.onSampled();
  }

  /** The thread is gone: all that it had ends with that error. */
  end(error: LwsPoolError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.alive = false;
    this.outbox.close();
    this.#channel.close();
    this.#port.close();
    this.connections = 0;
    this.slots.end(error);
    this.#leases.close();
    this.onSampled();
    this.#events.onSlotFreed();
  }
}
