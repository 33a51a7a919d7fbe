import { type MessagePort, threadId } from 'node:worker_threads';
import { connectionId } from '../channel/connection-id.js';
import { errorIn } from '../channel/failure.js';
import { decodeFields, type Fields, textOf } from '../channel/fields.js';
import { Figures, workerDurations } from '../channel/figures.js';
import { createInbox, type OnRecord } from '../channel/inbox.js';
import { Ledgers } from '../channel/ledger.js';
import type { Wire } from '../channel/link.js';
import { Outbox } from '../channel/outbox.js';
import { Event } from '../channel/record.js';
import { HandlerConnection, type HandlerService } from '../connection/handler-connection.js';
import { createError, type ErrorDetails, type LwsPoolError, toPlain } from '../errors/errors.js';
import { tooManyFiles } from '../errors/shortage.js';
import { FlightRecord } from '../flight/record.js';
import { ConnectionChecks } from '../health/connection-checks.js';
import { answer, type Heart, introduce, whileLoading, whileTelling } from '../health/heartbeat.js';
import { threadNumber } from '../health/thread-time.js';
import type { Trouble } from '../health/warning.js';
import { warningIn } from '../health/warning-record.js';
import { bioScope } from '../lease/bio-scope.js';
import { LeaseCoordinator } from '../lease/coordinator.js';
import { BioDispatcher, bioOf } from '../lease/custom-bio.js';
import { type NativeService, native } from '../native.js';
import { importUserModule } from '../options/user-module.js';
import { cloning } from './cloning.js';
import type { FromWorker, GroupShare, HandlerSpec, ServiceTask, ToWorker } from './control.js';
import { factoryOf } from './handler.js';
import { type GroupEnd, HandlerGroup } from './handler-group.js';
import { noteMemory } from './memory.js';

interface Entry {
  readonly connection: HandlerConnection;
  readonly group: HandlerGroup;
}

/** Opening ten thousand connections makes some fifty reports, not ten thousand. Milliseconds. */
const REPORT_DELAY = 5;
/** Some 0.3 ms. */
const SAMPLED_AT_ONCE = 256;

/** A worker's service, and the handlers that run beside it. */
export class WorkerService implements HandlerService {
  readonly wire: Wire;
  readonly channel: number;
  readonly worker: number;
  readonly leases: LeaseCoordinator;
  readonly #port: MessagePort;
  readonly #native: NativeService;
  readonly #outbox: Outbox;
  readonly #bios: BioDispatcher;
  readonly #groups = new Map<number, HandlerGroup>();
  /** Groups that were closed before their handler was loaded. */
  readonly #closedEarly = new Map<number, GroupEnd>();
  /** By slot. */
  readonly #entries: (Entry | undefined)[] = [];
  readonly #heart: Heart;
  readonly #pulse: Heart;
  readonly #checks: ConnectionChecks | undefined;
  #reportTimer: NodeJS.Timeout | undefined;
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
    this.channel = task.channel;
    this.worker = task.worker;
    this.wire = {
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
    this.leases = new LeaseCoordinator({
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
    const warn = (trouble: Trouble) => this.#warn(trouble);
    if (task.warnings !== undefined) {
      this.#checks = new ConnectionChecks(task.warnings, this.leases.native, warn);
    }
  }

  /** Serves until it is told to stop. */
  run(): Promise<void> {
    noteMemory(this.#native.workerFigures());
    return new Promise((resolve) => {
      this.#port.on('message', (message: ToWorker) => {
        if (message.type === 'stop') {
          this.#stopping = true;
          this.#outbox.close();
          this.#native.close(() => {
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

  addresses(slot: number, generation: number): Fields {
    return decodeFields(this.#native.addresses(slot, generation));
  }

  resumed(slot: number): void {
    const entry = this.#entries[slot];
    // Not from within resume(): the caller is not done yet.
    process.nextTick(() => {
      if (entry === undefined || this.#entries[slot] !== entry) return;
      this.#outbox.during(() => entry.group.deliverHeld(entry.connection));
    });
  }

  flightRecord(slot: number, generation: number): FlightRecord | undefined {
    const bytes = this.#native.flightRecord(slot, generation);
    return bytes && new FlightRecord(bytes, { url: this.#entries[slot]?.group.known.url });
  }

  #onMessage(message: Exclude<ToWorker, { type: 'stop' }>): void {
    switch (message.type) {
      case 'handle':
        void this.#load(message.spec, true);
        break;
      case 'bios':
        void this.#loadBios(message.group, message.modules);
        break;
      case 'open':
        void this.#open(message.share);
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
        this.#end(message.group, message.withPool ? 'with pool' : 'by user', (connection) =>
          connection.close(message.code, message.reason),
        );
        break;
      case 'terminate':
        this.#end(message.group, 'by user', (connection) => connection.terminate());
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

  #end(id: number, by: GroupEnd, act: (connection: HandlerConnection) => void): void {
    const group = this.#groups.get(id);
    if (group === undefined) {
      if (!this.#closedEarly.has(id)) this.#closedEarly.set(id, by);
      return;
    }
    group.ending ??= by;
    this.#native.abandon(id);
    this.#scheduleReport();
    this.#outbox.during(() => {
      for (const connection of group.connections) act(connection);
    });
  }

  /** Imports a handler's module and makes its handler. Answers undefined where that fails. */
  async #load(spec: HandlerSpec, single = false): Promise<HandlerGroup | undefined> {
    const { group, handler } = spec;
    try {
      const module = await whileLoading(this.#heart, () => importUserModule(handler));
      const factory = factoryOf(module.default);
      if (factory === undefined) {
        throw new TypeError('its default export does not come from defineHandler()');
      }
      const made = new HandlerGroup(
        spec,
        single,
        factory,
        {
          worker: this.worker,
          post: (value) =>
            cloning('value', value, () => this.#post({ type: 'post', group, value })),
          received: () => this.#native.received(group),
        },
        (error) => this.#post({ type: 'threw', error: toPlain(error) }),
      );
      this.#native.countMessages(group, made.wantsMessages);
      made.ending = this.#closedEarly.get(group);
      this.#closedEarly.delete(group);
      this.#groups.set(group, made);
      this.#post({ type: 'handling', group });
      return made;
    } catch (cause) {
      this.#closedEarly.delete(group);
      const error = loadError({ handler, worker: this.worker }, cause);
      this.#post({ type: 'handling', group, error: toPlain(error) });
      return undefined;
    }
  }

  /** Imports the modules of BIOs, for the connections that will name them. */
  async #loadBios(group: number, modules: readonly string[]): Promise<void> {
    let bio = '';
    try {
      for (const module of modules) {
        bio = module;
        await whileLoading(this.#heart, () => this.#bios.load(module));
      }
      this.#post({ type: 'handling', group });
    } catch (cause) {
      const error = loadError({ bio, worker: this.worker }, cause);
      this.#post({ type: 'handling', group, error: toPlain(error) });
    }
  }

  async #open(share: GroupShare): Promise<void> {
    const group = await this.#load(share);
    if (group === undefined) return;
    const endpoint = new native.Endpoint(share.endpoint);
    const begin = (count: number) => {
      for (let i = 0; i < count; i++) {
        if (group.ending !== undefined) {
          group.onFailed(createError('ERR_ABORTED'));
        } else if (!this.#native.connect(endpoint, group.id)) {
          group.onFailed(createError('ERR_TOO_MANY_CONNECTIONS'));
        }
      }
      this.#scheduleReport();
    };
    if (share.rate === undefined) {
      begin(share.count);
      return;
    }
    paced(share.count, share.rate, begin, () => group.ending !== undefined);
  }

  readonly #onRecord: OnRecord = (type, slot, generation, payload, isBinary, aux) => {
    const entry = this.#entries[slot];
    if (type > Event.failed && type < Event.closed) {
      entry?.group.onRecord(entry.connection, type, payload, isBinary, aux);
      return;
    }
    if (type === Event.leased || type === Event.leaseExpired) {
      entry?.connection.leasing.onRecord(type, payload, aux);
      return;
    }
    if (type === Event.warned) {
      const id = connectionId(this.channel, slot, generation);
      this.#warn(warningIn(payload, id, this.worker));
      return;
    }
    if (type === Event.keylog) {
      entry?.group.onRecord(entry.connection, type, payload, isBinary, aux);
      return;
    }
    this.#scheduleReport();
    if (type === Event.broadcast) {
      this.#groups.get(aux)?.onBroadcast(payload, isBinary);
    } else if (type === Event.opened) {
      this.#opened(slot, generation, payload, aux);
    } else if (type === Event.failed) {
      const group = this.#groups.get(aux);
      const error = errorIn(decodeFields(payload), group?.known);
      if (group !== undefined && error !== undefined) group.onFailed(error);
      this.#done(group, slot, generation);
    } else if (entry !== undefined) {
      const fields = decodeFields(payload);
      this.#entries[slot] = undefined;
      const error = errorIn(fields, entry.group.known);
      entry.group.onClosed(entry.connection, aux, textOf(fields, 'closeReason'), error);
      this.#done(entry.group, slot, generation);
    }
  };

  #opened(slot: number, generation: number, payload: Buffer, aux: number): void {
    const group = this.#groups.get(aux);
    if (group === undefined) return;
    const facts = decodeFields(payload);
    const connection = new HandlerConnection(this, slot, generation, group.highWaterMark, facts);
    this.#entries[slot] = { connection, group };
    group.onOpened(connection);
    if (group.ending !== undefined) connection.close(1001);
  }

  /** The slot of a connection that belongs to the main thread is freed there. */
  #done(group: HandlerGroup | undefined, slot: number, generation: number): void {
    if (group?.single === true) {
      this.#groups.delete(group.id);
      this.#native.stopCounting(group.id);
    } else {
      this.#native.release(slot, generation);
    }
  }

  #scheduleReport(): void {
    this.#reportTimer ??= setTimeout(() => {
      this.#reportTimer = undefined;
      for (const [id, group] of this.#groups) {
        const report = group.takeReport();
        if (report !== undefined) this.#post({ type: 'report', group: id, report });
      }
    }, REPORT_DELAY);
  }

  /** Looks for trouble on the connections of handlers. */
  #round(): void {
    const at = (slot: number) => this.#entries[slot]?.connection;
    this.#checks?.round(this.#entries.length, at, performance.now());
  }

  #warn(trouble: Trouble): void {
    this.#post({ type: 'warning', trouble: { ...trouble, worker: this.worker } });
  }

  #post(message: FromWorker): void {
    this.#port.postMessage(message);
  }
}

/** Why a module of the user's could not be loaded: itself, or a lack of descriptors. */
function loadError(details: ErrorDetails, cause: unknown): LwsPoolError {
  const { handler, bio } = details;
  const operation =
    bio === undefined ? `load the handler ${handler}` : `load the BIO module ${bio}`;
  return (
    tooManyFiles(cause, { ...details, operation }) ??
    createError('ERR_HANDLER_LOAD', details, { cause })
  );
}

function bioError(callback: string, thrown: unknown) {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  return createError('ERR_BIO', { callback, reason: cause.message }, { cause });
}

/** Begins `count` connections, `rate` a second, evenly. */
function paced(
  count: number,
  rate: number,
  begin: (count: number) => void,
  stop: () => boolean,
): void {
  const start = performance.now();
  let begun = 0;
  const timer = setInterval(() => {
    const due = Math.min(count, Math.floor(((performance.now() - start) * rate) / 1000) + 1);
    begin(stop() ? count - begun : Math.max(0, due - begun));
    begun = stop() ? count : Math.max(begun, due);
    if (begun === count) clearInterval(timer);
  }, 10);
}
