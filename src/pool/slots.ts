import { guarded } from '../base/uncaught.js';
import { connectionId } from '../channel/connection-id.js';
import { endedWithPool, errorIn } from '../channel/failure.js';
import { decodeFields, textOf } from '../channel/fields.js';
import { FIGURE } from '../channel/figures.js';
import type { OnRecord } from '../channel/inbox.js';
import { CLOSING, type Wire } from '../channel/link.js';
import { Command, Event } from '../channel/record.js';
import { Connection } from '../connection/connection.js';
import { CORE } from '../connection/internal.js';
import type { MainCore } from '../connection/main-core.js';
import { createError, type LwsPoolError, withFlightRecord } from '../errors/errors.js';
import { FlightRecord } from '../flight/record.js';
import type { Trouble } from '../health/warning.js';
import { warningIn } from '../health/warning-record.js';
import type { LeaseCoordinator } from '../lease/coordinator.js';
import { MAKE } from '../lease/internal.js';
import type { NativeChannel } from '../native.js';
import type { MainFigures } from '../observe/stats/main-figures.js';
import { openingOverdue } from './deadlines.js';
import { errorContext, type Request } from './opening.js';

interface Opening {
  readonly generation: number;
  readonly request: Request;
  readonly connection?: undefined;
  /** Its signal has aborted, or the pool is being closed: the worker has been told. */
  givenUp: boolean;
}

interface Opened {
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
interface Disowned {
  readonly generation: number;
  readonly request?: undefined;
  readonly connection?: undefined;
}

type Entry = Opening | Opened | Disowned;

/** What the slots are part of. */
export interface SlotsHome {
  readonly worker: number;
  readonly channel: NativeChannel;
  readonly wire: Wire;
  readonly leases: LeaseCoordinator;
  readonly figures: MainFigures;
  onTrouble(trouble: Trouble): void;
  /** A connection has ended, or was never opened. */
  onFreed(): void;
}

/** The connections that the main thread has of one worker, open and opening, by slot. */
export class Slots {
  readonly #home: SlotsHome;
  readonly #entries: (Entry | undefined)[] = [];
  /** Those whose `connect()` has resolved in this turn of the loop. */
  readonly #settling: Connection[] = [];

  constructor(home: SlotsHome) {
    this.#home = home;
  }

  /** How many slots were in use at once so far. */
  get length(): number {
    return this.#entries.length;
  }

  /**
   * A connection is being opened there.
   *
   * @returns gives it up, with ERR_ABORTED, if it is not open yet
   */
  open(slot: number, generation: number, request: Request): () => void {
    const row = this.#home.wire.figures?.row(slot);
    if (row !== undefined) {
      row.figures[row.base + FIGURE.requested] = request.requested;
      row.figures[row.base + FIGURE.resolved] = request.resolved;
    }
    const entry: Opening = { generation, request, givenUp: false };
    this.#entries[slot] = entry;
    return () => {
      if (this.#entries[slot] === entry) this.#giveUp(slot, entry);
    };
  }

  /** Gives up what is not open yet. */
  abandonOpening(): void {
    for (const [slot, entry] of this.#entries.entries()) {
      if (entry?.request !== undefined) this.#giveUp(slot, entry);
    }
  }

  /** Those that are open. */
  *connections(): Generator<Connection> {
    for (const entry of this.#entries) {
      if (entry?.connection !== undefined) yield entry.connection;
    }
  }

  /** The one of this name, if it is open. */
  connection(slot: number, generation: number): Connection | undefined {
    return this.#entry(slot, generation)?.connection;
  }

  /** The one in that slot, if it is open and no handler serves it. */
  unhandled(slot: number): MainCore | undefined {
    const entry = this.#entries[slot];
    return entry?.connection === undefined || entry.handled ? undefined : entry.connection[CORE];
  }

  /** The URL that the one of this name was asked for. */
  urlOf(slot: number, generation: number): string | undefined {
    const entry = this.#entry(slot, generation);
    return (entry?.connection ?? entry?.request)?.url;
  }

  /**
   * The worker does not answer: what is over by the clock of this thread is told so from here. What
   * the worker says of it later finds nobody.
   *
   * @param silentSince when it fell silent; of monotonicNow(), as `now`
   */
  settleOverdue(silentSince: number, now: number): void {
    for (const [slot, entry] of this.#entries.entries()) {
      if (entry?.request !== undefined) this.#settleOpening(slot, entry, silentSince, now);
      else if (entry?.connection !== undefined) this.#settleClosing(slot, entry, now);
    }
  }

  /** The worker is gone: all that it had ends with that error. */
  end(error: LwsPoolError): void {
    for (const [slot, entry] of this.#entries.splice(0).entries()) {
      if (entry === undefined) continue;
      if (entry.connection === undefined) {
        entry.request?.reject(this.#withRecord(error, slot, entry));
        continue;
      }
      const { url, id } = entry.connection;
      const own = this.#withRecord(endedWithPool(error, { url, connection: id }), slot, entry);
      this.#home.figures.ended(error.code);
      guarded(() => entry.connection[CORE].onClosed(1006, '', own));
    }
  }

  readonly onRecord: OnRecord = (type, slot, generation, payload, isBinary, aux) => {
    const entry = this.#entry(slot, generation);
    if (entry === undefined) return;
    if (entry.connection !== undefined) {
      if (type === Event.closed) this.#closed(slot, entry, payload, aux);
      else entry.connection[CORE].onRecord(type, payload, isBinary, aux);
    } else if (entry.request === undefined) {
      if (type === Event.failed || type === Event.closed) this.#free(slot, generation);
    } else if (type === Event.warned) {
      const { worker } = this.#home;
      this.#home.onTrouble(warningIn(payload, this.#id(slot, generation), worker));
    } else if (type === Event.opened) {
      this.#opened(slot, entry, payload);
    } else if (type === Event.failed) {
      this.#failed(slot, entry, payload);
    }
  };

  #entry(slot: number, generation: number): Entry | undefined {
    const entry = this.#entries[slot];
    return entry?.generation === generation ? entry : undefined;
  }

  #opened(slot: number, { generation, request }: Opening, payload: Buffer): void {
    const { wire, leases, worker } = this.#home;
    const { highWaterMark, url, kind, closeTimeout } = request;
    const handled = request.group !== 0;
    const connection = Connection[MAKE]({
      place: { wire, worker, url, kind, highWaterMark, leases, flightRecord: this.#flightRecord },
      slot,
      generation,
      handled,
      fields: decodeFields(payload),
      warn: this.#home.onTrouble,
    });
    this.#entries[slot] = { generation, connection, handled, closeTimeout };
    this.#countOpened(slot, request);
    request.resolve(connection);
    if (this.#settling.push(connection) > 1) return;
    setImmediate(() => {
      for (const settled of this.#settling.splice(0)) settled[CORE].onSettled();
    });
  }

  #countOpened(slot: number, { requested, resolved }: Request): void {
    const { wire, figures } = this.#home;
    const row = wire.figures?.row(slot);
    if (row === undefined) return;
    figures.lookup.note(resolved - requested);
    figures.connect.note((row.figures[row.base + FIGURE.opened] as number) - requested);
  }

  #failed(slot: number, { generation, request }: Opening, payload: Buffer): void {
    const known = errorContext(request);
    const error = errorIn(decodeFields(payload), known);
    this.#free(slot, generation);
    request.reject(error ?? createError('ERR_SYSTEM', known as never));
  }

  #closed(slot: number, { generation, connection }: Opened, payload: Buffer, code: number): void {
    const fields = decodeFields(payload);
    const known = { url: connection.url, connection: connection.id };
    connection[CORE].keepStats();
    this.#free(slot, generation);
    const error = errorIn(fields, known);
    if (error !== undefined) this.#home.figures.ended(error.code);
    connection[CORE].onClosed(code, textOf(fields, 'closeReason'), error);
  }

  #free(slot: number, generation: number): void {
    this.#entries[slot] = undefined;
    this.#home.channel.release(slot, generation);
    this.#home.onFreed();
  }

  #giveUp(slot: number, entry: Opening): void {
    entry.givenUp = true;
    this.#terminate(slot, entry.generation);
  }

  #disown(slot: number, generation: number): void {
    this.#entries[slot] = { generation };
    this.#terminate(slot, generation);
  }

  #terminate(slot: number, generation: number): void {
    this.#home.wire.outbox.command(Command.terminate, slot, generation);
  }

  #settleOpening(slot: number, entry: Opening, silentSince: number, now: number): void {
    const { request, generation } = entry;
    const { wire, worker } = this.#home;
    const { timeout, resolved: handed } = request;
    const row = wire.figures?.row(slot);
    const begun = row === undefined ? 0 : (row.figures[row.base + FIGURE.begun] as number);
    const terms = { timeout, givenUp: entry.givenUp, begun, handed };
    const error = openingOverdue(terms, errorContext(request), worker, silentSince, now);
    if (error === undefined) return;
    const own = this.#withRecord(error, slot, entry);
    this.#disown(slot, generation);
    request.reject(own);
  }

  #settleClosing(slot: number, entry: Opened, now: number): void {
    const { connection, generation, closeTimeout } = entry;
    const { readyState, cut } = connection[CORE].link;
    if (readyState !== CLOSING) return;
    entry.closingSince ??= now;
    if (!cut && now - entry.closingSince < closeTimeout) return;
    const { worker, figures } = this.#home;
    const known = { url: connection.url, connection: connection.id };
    const details = { ...known, worker, timeout: closeTimeout };
    const error = cut
      ? undefined
      : this.#withRecord(createError('ERR_CLOSE_TIMEOUT', details), slot, entry);
    connection[CORE].keepStats();
    this.#disown(slot, generation);
    if (error !== undefined) figures.ended(error.code);
    guarded(() => connection[CORE].onClosed(1006, '', error));
  }

  /** The error for one connection: an own one where something is recorded of it. */
  #withRecord(error: LwsPoolError, slot: number, entry: Entry): LwsPoolError {
    const bytes = this.#home.channel.flightOfError(slot, entry.generation);
    if (bytes === undefined) return error;
    const url = (entry.connection ?? entry.request)?.url;
    const { code, details, cause, stack } = error;
    const own = createError(code, details, cause === undefined ? undefined : { cause });
    return withFlightRecord(Object.assign(own, { stack }), bytes, url);
  }

  /** The flight records of the worker, groups' included, a few at a time. */
  *flightRecords(urlOfGroup: (group: number) => string | undefined): Generator<FlightRecord[]> {
    for (let segment = 0; ; segment++) {
      const records = this.#home.channel.flightRecords(segment);
      if (records === undefined) return;
      yield records.map((bytes) => {
        const [slot, generation, group] = [8, 12, 16].map((at) => bytes.readUInt32LE(at));
        const url = this.urlOf(slot as number, generation as number);
        return new FlightRecord(bytes, { url: url ?? urlOfGroup(group as number) });
      });
    }
  }

  readonly #flightRecord = (slot: number, generation: number): Buffer | undefined =>
    this.#home.channel.flightRecord(slot, generation);

  #id(slot: number, generation: number): string {
    return connectionId(this.#home.channel.key, slot, generation);
  }
}
