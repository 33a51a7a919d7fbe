import { type MessagePort, threadId } from 'node:worker_threads';
import { connectionId } from '../channel/connection-id.js';
import { errorIn } from '../channel/failure.js';
import { decodeFields, textOf } from '../channel/fields.js';
import { Figures, workerDurations } from '../channel/figures.js';
import { createInbox, type OnRecord } from '../channel/inbox.js';
import { Ledgers } from '../channel/ledger.js';
import type { Wire } from '../channel/link.js';
import { Outbox } from '../channel/outbox.js';
import { Event } from '../channel/record.js';
import { HandlerConnection } from '../connection/handler-connection.js';
import { CORE } from '../connection/internal.js';
import { toPlain } from '../errors/errors.js';
import { ConnectionChecks } from '../health/connection-checks.js';
import { answer, type Heart, introduce, whileTelling } from '../health/heartbeat.js';
import { threadNumber } from '../health/thread-time.js';
import type { Trouble } from '../health/warning.js';
import { warningIn } from '../health/warning-record.js';
import { bioScope } from '../lease/bio-scope.js';
import { LeaseCoordinator } from '../lease/coordinator.js';
import { BioDispatcher, bioOf } from '../lease/custom-bio.js';
import { MAKE } from '../lease/internal.js';
import { type NativeService, native } from '../native.js';
import { bioError, loadBios } from './bio-modules.js';
import type { FromWorker, ServiceTask, ToWorker } from './control.js';
import type { HandlerGroup } from './handler-group.js';
import { HandlerGroups } from './handler-groups.js';
import { noteMemory } from './memory.js';
import { noteServing } from './starting.js';

interface Entry {
  readonly connection: HandlerConnection;
  readonly group: HandlerGroup;
}

/** Some 0.3 ms. */
const SAMPLED_AT_ONCE = 256;

/** A worker's service, and the handlers that run beside it. */
export class WorkerService {
  readonly #channel: number;
  readonly #worker: number;
  readonly #leases: LeaseCoordinator;
  readonly #port: MessagePort;
  readonly #native: NativeService;
  readonly #outbox: Outbox;
  readonly #bios: BioDispatcher;
  readonly #groups: HandlerGroups;
  /** By slot. */
  readonly #entries: (Entry | undefined)[] = [];
  readonly #heart: Heart;
  readonly #pulse: Heart;
  readonly #checks: ConnectionChecks | undefined;
  #stopping = false;

  constructor(task: ServiceTask) {
    this.#port = task.port;
    this.#heart = task.heart;
    introduce(task.heart, threadNumber());
    this.#pulse = task.pulse;
    const inbox = createInbox(() => this.#native, this.#onRecord);
    this.#bios = new BioDispatcher(
      () => this.#native,
      (thrown) => this.#post({ type: 'threw', error: toPlain(bioError('close', thrown)) }),
    );
    bioScope.nameOf = (definition) => {
      const bio = bioOf(definition);
      return bio && this.#bios.nameOf(bio);
    };
    this.#native = new native.Service(
      task.channel,
      task.handshakesInFlight,
      (...range) => whileTelling(this.#heart, () => this.#outbox.during(() => inbox(...range))),
      this.#bios.dispatch,
      task.poller === 'io_uring',
    );
    if (task.flightRecorder > 0) {
      this.#native.recordFlights(task.flightRecorder, task.channel, task.worker);
    }
    this.#outbox = new Outbox(this.#native, task.channel);
    this.#channel = task.channel;
    this.#worker = task.worker;
    const wire: Wire = {
      channel: task.channel,
      outbox: this.#outbox,
      ledgers: new Ledgers(this.#native),
      figures: task.stats ? new Figures(this.#native) : undefined,
      totals: this.#native.workerFigures(),
      side: 'handler',
      held: this.#native.held(),
      ceiling: task.ceiling,
    };
    const counted = this.#native.workerFigures();
    this.#leases = new LeaseCoordinator({
      channel: task.channel,
      side: 'handler',
      outbox: this.#outbox,
      leases: task.leases,
      durations: counted && {
        wait: workerDurations(counted, 'leaseWait'),
        hold: workerDurations(counted, 'leaseHold'),
      },
      flush: (slot, generation) => {
        this.#outbox.flush();
        this.#native.flush(slot, generation);
      },
      report: (report) => this.#post({ type: 'lease', report }),
      userTiming: task.userTiming,
    });
    this.#groups = new HandlerGroups({
      native: this.#native,
      heart: this.#heart,
      place: {
        wire,
        worker: task.worker,
        leases: this.#leases,
        flightRecord: (...name) => this.#native.flightRecord(...name),
        addresses: (...name) => decodeFields(this.#native.addresses(...name)),
        resumed: (slot) => this.#resumed(slot),
      },
      post: (message) => this.#post(message),
      during: (run) => this.#outbox.during(run),
    });
    const warn = (trouble: Trouble) => this.#warn(trouble);
    if (task.warnings !== undefined) {
      this.#checks = new ConnectionChecks(task.warnings, this.#leases.native, warn);
    }
  }

  /** Serves until it is told to stop. */
  run(): Promise<void> {
    noteServing();
    noteMemory(this.#native.workerFigures());
    return new Promise((resolve) => {
      this.#port.on('message', (message: ToWorker) => {
        if (message.type === 'stop') {
          this.#stopping = true;
          this.#outbox.close();
          this.#native.close(() => {
            this.#leases.close();
            this.#post({ type: 'stopped' });
            this.#port.close();
            resolve();
          });
        } else {
          this.#onMessage(message);
        }
      });
      this.#post({ type: 'started', thread: threadId });
    });
  }

  #onMessage(message: Exclude<ToWorker, { type: 'stop' }>): void {
    switch (message.type) {
      case 'handle':
        void this.#groups.load(message.spec, true);
        break;
      case 'bios':
        void this.#loadBios(message.group, message.modules);
        break;
      case 'open':
        void this.#groups.open(message.share);
        break;
      case 'sample':
        this.#sample(0, message.unread);
        break;
      case 'post':
        this.#groups.get(message.group)?.receive(message.value);
        break;
      case 'pulse':
        answer(this.#pulse, message.beat);
        break;
      case 'beat':
        answer(this.#heart, message.beat);
        if (message.round) this.#round();
        break;
      case 'close':
        this.#groups.end(message.group, message.withPool ? 'with pool' : 'by user', (connection) =>
          connection[CORE].link.close(message.code, message.reason),
        );
        break;
      case 'terminate':
        this.#groups.end(message.group, 'by user', (connection) => connection.terminate());
        break;
    }
  }

  /** So many at a time that the others hardly notice. */
  #sample(from: number, unread: boolean): void {
    // Between two parts the service may have been closed.
    if (this.#stopping) return;
    const next = this.#native.sampleTcp(from, SAMPLED_AT_ONCE, unread);
    if (next === 0) this.#post({ type: 'sampled' });
    else setImmediate(() => this.#sample(next, unread));
  }

  async #loadBios(group: number, modules: readonly string[]): Promise<void> {
    const error = await loadBios(this.#bios, this.#heart, modules, this.#worker);
    this.#post({ type: 'handling', group, ...(error && { error: toPlain(error) }) });
  }

  readonly #onRecord: OnRecord = (type, slot, generation, payload, isBinary, aux) => {
    const entry = this.#entries[slot];
    switch (type) {
      case Event.message:
      case Event.data:
      case Event.ping:
      case Event.pong:
      case Event.flushed:
      case Event.ended:
      case Event.keylog:
        entry?.group.onRecord(entry.connection, type, payload, isBinary, aux);
        break;
      case Event.leased:
      case Event.leaseExpired:
        entry?.connection[CORE].onLeaseRecord(type, payload, aux);
        break;
      case Event.warned: {
        const id = connectionId(this.#channel, slot, generation);
        this.#warn(warningIn(payload, id, this.#worker));
        break;
      }
      case Event.broadcast:
      case Event.plainBroadcast:
        this.#groups.get(aux)?.onBroadcast(payload, isBinary, type === Event.broadcast);
        this.#groups.scheduleReport();
        break;
      case Event.opened:
        this.#opened(slot, generation, payload, aux);
        this.#groups.scheduleReport();
        break;
      case Event.failed:
        this.#failed(slot, generation, payload, aux);
        this.#groups.scheduleReport();
        break;
      case Event.closed:
        if (entry !== undefined) this.#closed(entry, slot, generation, payload, aux);
        this.#groups.scheduleReport();
        break;
    }
  };

  #opened(slot: number, generation: number, payload: Buffer, aux: number): void {
    const group = this.#groups.get(aux);
    if (group === undefined) return;
    const facts = decodeFields(payload);
    const connection = HandlerConnection[MAKE](group.place, slot, generation, facts);
    this.#entries[slot] = { connection, group };
    group.onOpened(connection);
    if (group.ending !== undefined) connection[CORE].link.close(1001);
  }

  #failed(slot: number, generation: number, payload: Buffer, aux: number): void {
    const group = this.#groups.get(aux);
    const error = errorIn(decodeFields(payload), group?.known);
    if (group !== undefined && error !== undefined) group.onFailed(error);
    this.#groups.done(group, slot, generation);
  }

  #closed(
    { group, connection }: Entry,
    slot: number,
    generation: number,
    payload: Buffer,
    code: number,
  ): void {
    const fields = decodeFields(payload);
    this.#entries[slot] = undefined;
    const error = errorIn(fields, group.known);
    group.onClosed(connection, code, textOf(fields, 'closeReason'), error);
    this.#groups.done(group, slot, generation);
  }

  /** It was resumed: what was held of it is for its handler now. */
  #resumed(slot: number): void {
    const entry = this.#entries[slot];
    // Not from within resume(): the caller is not done yet.
    process.nextTick(() => {
      if (entry === undefined || this.#entries[slot] !== entry) return;
      this.#outbox.during(() => entry.group.deliverHeld(entry.connection));
    });
  }

  /** Looks for trouble on the connections of handlers. */
  #round(): void {
    const at = (slot: number) => this.#entries[slot]?.connection[CORE];
    this.#checks?.round(this.#entries.length, at, performance.now());
  }

  #warn(trouble: Trouble): void {
    this.#post({ type: 'warning', trouble: { ...trouble, worker: this.#worker } });
  }

  #post(message: FromWorker): void {
    this.#port.postMessage(message);
  }
}
