import { type Link, OPEN } from '../channel/link.js';
import type { NativeLeases } from '../native.js';
import type { WarningLimits } from '../options/limits.js';
import { type Contact, readContact, unreadBytes } from './kernel-view.js';
import type { Trouble } from './warning.js';

/** What the checks look at of a connection, on the main thread or in a handler. */
export interface CheckedConnection {
  readonly id: string;
  readonly link: Link;
  /** Messages that wait for a listener. */
  readonly heldMessages: number;
  /** Grows with each of those that was taken after all. */
  readonly heldTaken: number;
}

/**
 * Rounds in a row in which a queue has not become shorter: so many make a warning, whatever time has
 * passed. A thread that was late itself has given nobody the time to do better.
 */
const LOOKS = 5;
/** Connections whose TCP_INFO is read in one round, some 5 µs each. */
const KERNEL_LOOKS = 256;

/** What is remembered of a connection while something of it is odd. */
interface Suspicion {
  readonly generation: number;
  since: number;
  told: boolean;
}

interface Growth extends Suspicion {
  queued: number;
  looks: number;
}

interface Waiting extends Suspicion {
  looks: number;
  /** Changes where somebody reads after all. */
  readonly taken: number;
}

/**
 * Looks for trouble on the connections that one thread has of one worker: each round at the queues
 * of all of them, and at what the kernel knows of some, in turn.
 */
export class ConnectionChecks {
  readonly #limits: WarningLimits;
  readonly #native: NativeLeases;
  readonly #report: (trouble: Trouble) => void;
  readonly #growing = new Map<number, Growth>();
  readonly #unread = new Map<number, Waiting>();
  readonly #silent = new Map<number, Suspicion>();
  /** The slot at which the next round goes on. */
  #next = 0;

  constructor(limits: WarningLimits, native: NativeLeases, report: (trouble: Trouble) => void) {
    this.#limits = limits;
    this.#native = native;
    this.#report = report;
  }

  /**
   * A round.
   *
   * @param size slots
   * @param at the connection in a slot, if there is an open one
   * @param now milliseconds, of a clock that only grows
   */
  round(size: number, at: (slot: number) => CheckedConnection | undefined, now: number): void {
    for (let slot = 0; slot < size; slot++) {
      const connection = at(slot);
      if (connection?.link.readyState === OPEN) this.#queues(connection, now);
      else this.#forget(slot);
    }
    const { unresponsiveAfter } = this.#limits;
    if (unresponsiveAfter === undefined) return;
    const look = (slot: number) => {
      const connection = at(slot);
      if (connection?.link.readyState === OPEN) this.#contact(connection, now, unresponsiveAfter);
    };
    let left = KERNEL_LOOKS;
    for (const slot of this.#silent.keys()) {
      if (left-- === 0) return;
      look(slot);
    }
    for (let looked = 0; looked < Math.min(left, size); looked++) {
      if (this.#next >= size) this.#next = 0;
      look(this.#next++);
    }
  }

  #forget(slot: number): void {
    this.#growing.delete(slot);
    this.#unread.delete(slot);
    this.#silent.delete(slot);
  }

  #queues(connection: CheckedConnection, now: number): void {
    const { queuedBytes, unreadAfter } = this.#limits;
    if (queuedBytes !== undefined) this.#queue(connection, now, queuedBytes);
    if (unreadAfter !== undefined) this.#reading(connection, now, unreadAfter);
  }

  #queue({ id, link }: CheckedConnection, now: number, limit: number): void {
    const { slot, generation, bufferedAmount: queued } = link;
    const known = suspicionOf(this.#growing, slot, generation);
    if (queued < limit) {
      if (known !== undefined) this.#growing.delete(slot);
      return;
    }
    if (known === undefined || queued < known.queued) {
      const told = known?.told ?? false;
      this.#growing.set(slot, { generation, since: now, told, queued, looks: 1 });
      return;
    }
    known.queued = queued;
    known.looks++;
    if (known.told || known.looks < LOOKS) return;
    known.told = true;
    const growingFor = Math.round(now - known.since);
    this.#report({
      code: 'SEND_QUEUE_GROWING',
      message: `Connection ${id} has ${queued} bytes to send, and they have not become fewer for ${growingFor} ms: its peer takes less than is sent. Stop sending when send() answers false, until the event drain, or end the connection.`,
      connection: id,
      details: { queuedBytes: queued, growingFor },
    });
  }

  #reading(connection: CheckedConnection, now: number, limit: number): void {
    const { id, link, heldMessages: messages } = connection;
    const { slot, generation, paused } = link;
    const taken = link.resumes + connection.heldTaken;
    const known = suspicionOf(this.#unread, slot, generation);
    if (messages === 0 && !paused) {
      if (known !== undefined) this.#unread.delete(slot);
      return;
    }
    if (known === undefined || known.taken !== taken) {
      this.#unread.set(slot, { generation, since: now, told: false, taken, looks: 1 });
      return;
    }
    known.looks++;
    const unreadFor = Math.round(now - known.since);
    if (known.told || unreadFor < limit || known.looks < LOOKS) return;
    // Who pauses a connection on which nothing comes makes nobody wait.
    const unread = paused ? unreadBytes(this.#native, slot, generation) : 0;
    if (messages === 0 && unread === 0) return;
    known.told = true;
    const what =
      messages > 0
        ? `${messages} messages wait on connection ${id}, for ${unreadFor} ms, and nobody listens. Add a listener, iterate over it, or close it.`
        : `Connection ${id} has been paused for ${unreadFor} ms while its peer sends. Call resume(), go on reading its stream or iterator, or close it.`;
    this.#report({
      code: 'CONNECTION_UNREAD',
      message: what,
      connection: id,
      details: { unreadFor, messages, unread, paused },
    });
  }

  #contact({ id, link }: CheckedConnection, now: number, limit: number): void {
    const { slot, generation } = link;
    const known = suspicionOf(this.#silent, slot, generation);
    const contact = readContact(this.#native, slot, generation);
    if (contact === undefined) return;
    if (!isSuspect(contact)) {
      if (known !== undefined) this.#silent.delete(slot);
      return;
    }
    if (known === undefined) {
      this.#silent.set(slot, { generation, since: now, told: false });
      return;
    }
    const { unacked, retransmits, lastAckRecv } = contact;
    const unresponsiveFor = Math.round(Math.min(now - known.since, lastAckRecv));
    if (known.told || unresponsiveFor < limit) return;
    known.told = true;
    this.#report({
      code: 'PEER_UNRESPONSIVE',
      message: `The peer of connection ${id} has acknowledged nothing for ${unresponsiveFor} ms, though ${unacked} segments were sent ${retransmits} times again: it, or the way to it, is gone. End the connection with terminate(), or let the kernel do so: TCP_USER_TIMEOUT, see docs/leases.md.`,
      connection: id,
      details: { unresponsiveFor, unacked, retransmits },
    });
  }
}

/** Sent again in vain, and more than once: one lost packet is no trouble. */
function isSuspect({ unacked, backoff }: Contact): boolean {
  return unacked > 0 && backoff > 0;
}

/** What is known of the connection that is in that slot now. */
function suspicionOf<Known extends Suspicion>(
  all: ReadonlyMap<number, Known>,
  slot: number,
  generation: number,
): Known | undefined {
  const known = all.get(slot);
  return known?.generation === generation ? known : undefined;
}
