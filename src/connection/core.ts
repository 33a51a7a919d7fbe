import { type Fields, textOf } from '../channel/fields.js';
import { epochOffset, FIGURE, type FiguresRow, ROW } from '../channel/figures.js';
import { Holding } from '../channel/holding.js';
import { CLOSED, Link, type Wire } from '../channel/link.js';
import { createError, type HeaderFields, type LwsPoolError } from '../errors/errors.js';
import { FlightRecord } from '../flight/record.js';
import { ConnectionLeases } from '../lease/connection-leases.js';
import type { LeaseCoordinator } from '../lease/coordinator.js';
import { flag, group, parseWith } from '../options/schema.js';
import { look } from './look.js';
import { type ConnectionStats, type ConnectionStatsOptions, connectionStats } from './stats.js';
import { headersOf } from './upgrade-headers.js';

const optionsOfStats = group({ tcp: flag, tls: flag });

/** What connections that go to one URL, by one worker, have in common. */
export interface ConnectionPlace {
  readonly wire: Wire;
  /** Index of the worker. */
  readonly worker: number;
  readonly url: string;
  readonly kind: 'ws' | 'raw';
  readonly highWaterMark: number;
  readonly leases: LeaseCoordinator;
  flightRecord(slot: number, generation: number): Buffer | undefined;
  /** Where it is asked for them: in handlers, only when somebody wants to know. */
  addresses?(slot: number, generation: number): Fields;
  /** It was resumed, and there is something held of it. */
  resumed?(slot: number): void;
}

/** The four addresses of a connection, as they are told. */
export interface Addresses {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** A connection apart from its users: all of it that is ours, on the main thread or in a handler. */
export class ConnectionCore {
  readonly place: ConnectionPlace;
  readonly link: Link;
  readonly protocol: string;
  readonly extensions: string;
  readonly upgradeHeaders: HeaderFields | undefined;
  error: LwsPoolError | undefined;
  #addresses: Addresses | undefined;
  #held: Holding | undefined;
  #kept: FiguresRow | undefined;
  #leases: ConnectionLeases | undefined;
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(place: ConnectionPlace, slot: number, generation: number, facts: Fields) {
    this.place = place;
    this.link = new Link(place.wire, slot, generation, place.highWaterMark);
    this.protocol = textOf(facts, 'protocol');
    this.extensions = textOf(facts, 'extensions');
    this.upgradeHeaders = headersOf(facts);
    if (place.addresses === undefined) this.#addresses = addressesIn(facts);
  }

  get id(): string {
    return this.link.id;
  }

  /** Empty once it is closed, unless they were asked for before. */
  get addresses(): Addresses {
    if (this.#addresses !== undefined) return this.#addresses;
    const { slot, generation } = this.link;
    const fields = this.place.addresses?.(slot, generation) ?? new Map();
    const addresses = addressesIn(fields);
    if (fields.size > 0) this.#addresses = addresses;
    return addresses;
  }

  /** What waits to be read. */
  get held(): Holding {
    this.#held ??= new Holding(this.link);
    return this.#held;
  }

  /** Another reader begins; what the first one holds stays its own. */
  protected holdAnew(): void {
    this.#held = new Holding(this.link);
  }

  get heldMessages(): number {
    return this.#held?.length ?? 0;
  }

  /** Messages that have waited, and were read. */
  get heldTaken(): number {
    return this.#held?.taken ?? 0;
  }

  /** It is paused, or not all of what came meanwhile is told. */
  get holds(): boolean {
    return this.link.paused || this.heldMessages > 0;
  }

  /** @param connection as its user has it: what its leases say that they are on */
  leases<Leased extends { readonly id: string }>(connection: Leased): ConnectionLeases<Leased> {
    this.#leases ??= new ConnectionLeases(connection, this.link, this.place.leases);
    return this.#leases as ConnectionLeases<Leased>;
  }

  close(code?: number, reason?: string): Promise<void> {
    this.link.close(code, reason);
    if (this.link.readyState === CLOSED) return Promise.resolve();
    this.#closed ??= withResolve();
    return this.#closed.promise;
  }

  terminate(): void {
    this.link.terminate();
    this.#leases?.revoke();
  }

  pause(): void {
    this.link.pause();
  }

  resume(): void {
    this.link.resume();
    if (this.heldMessages > 0) this.place.resumed?.(this.link.slot);
  }

  flightRecord(): FlightRecord | undefined {
    const { slot, generation, readyState } = this.link;
    if (readyState === CLOSED) return this.error?.flightRecord;
    const bytes = this.place.flightRecord(slot, generation);
    return bytes && new FlightRecord(bytes, { url: this.place.url });
  }

  stats(
    connection: { readonly id: string },
    options: ConnectionStatsOptions = {},
  ): ConnectionStats {
    parseWith(optionsOfStats, options);
    const { link, place } = this;
    const row = this.#kept ?? link.figures;
    if (row === undefined) throw createError('ERR_STATS_OFF');
    const more = this.#kept === undefined ? look(this.leases(connection), options) : undefined;
    const where = { channel: place.wire.channel, worker: place.worker, slot: link.slot };
    return connectionStats(row, where, epochOffset(), more);
  }

  /** It is over: its figures are kept, since their place in memory is another's soon. */
  keepStats(): void {
    const row = this.link.figures;
    if (row === undefined || this.#kept !== undefined) return;
    const figures = row.figures.slice(row.base, row.base + ROW);
    figures[FIGURE.state] = 0;
    this.#kept = { figures, base: 0 };
  }

  /** A record of the worker that is about leases. */
  onLeaseRecord(type: number, payload: Buffer, aux: number): void {
    this.#leases?.onRecord(type, payload, aux);
  }

  /** It is over; `error` says why, if anything went wrong. */
  onOver(error: LwsPoolError | undefined): void {
    this.error = error;
    this.keepStats();
    this.link.onClosed(error);
    this.#leases?.onClosed(error);
  }

  /** Its user is told that it is over. */
  resolveClosed(): void {
    this.#closed?.resolve();
  }
}

function addressesIn(fields: Fields): Addresses {
  return {
    localAddress: textOf(fields, 'localAddress'),
    localPort: Number(textOf(fields, 'localPort')),
    remoteAddress: textOf(fields, 'remoteAddress'),
    remotePort: Number(textOf(fields, 'remotePort')),
  };
}

function withResolve() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
