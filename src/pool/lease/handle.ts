import { decodeFields, textOf } from '../../channel/fields.js';
import { createError } from '../errors.js';
import type { SocketAccess } from './access.js';
import { AGAIN, systemError } from './outcome.js';
import type { LeaseState } from './state.js';

const HOW = { read: 0, write: 1, both: 2 } as const;
/** How long a worker gets to let go of a detached connection. Milliseconds. */
const DETACH_PATIENCE = 5_000;

/** What is left of a connection that was detached. */
export interface Detached {
  /** The socket's descriptor: whoever has it closes it. */
  readonly fd: number;
  /** The `SSL*`, on that descriptor, with TLS; whoever has it frees it (SSL_free(3)). */
  readonly ssl?: bigint;
  /** What was read of a frame that has not arrived as a whole. */
  readonly leftover: Buffer;
}

/**
 * What the holder of a lease has of it: `lease`, `lease.socket` and `lease.tls` share this object,
 * and when the last of them is lost to the garbage collector, the lease has leaked.
 */
export class LeaseHandle implements SocketAccess {
  readonly state: LeaseState;

  constructor(state: LeaseState) {
    this.state = state;
  }

  /** @throws LwsPoolError once the lease is over, or lacks the right mode */
  require(operation?: string): LeaseState {
    const { state } = this;
    if (state.ending !== undefined) throw state.error();
    if (operation !== undefined && !state.exclusive) {
      throw createError('ERR_LEASE_MODE', { operation, mode: 'shared' });
    }
    return state;
  }

  get leftover(): Buffer {
    const { leasing, token } = this.require('leftover');
    return this.#done(leasing.native.leftover(leasing.slot, leasing.generation, token), 'leftover');
  }

  get fd(): number {
    const state = this.require();
    if (state.duplicate < 0) {
      const inode = new Float64Array(1);
      const { leasing, token } = state;
      const { native, slot, generation } = leasing;
      state.duplicate = this.#done(native.duplicate(slot, generation, token, inode), 'dup');
      state.inode = inode[0] as number;
    }
    this.check();
    return state.duplicate;
  }

  get ssl(): bigint | undefined {
    const state = this.require('ssl');
    if (!this.secure) return undefined;
    const { leasing, token } = state;
    state.ssl ??= this.#done(
      leasing.native.exposeTls(leasing.slot, leasing.generation, token),
      'SSL_up_ref',
    );
    return state.ssl;
  }

  /** Whether there is TLS. */
  get secure(): boolean {
    const { leasing, token } = this.require();
    const { native, slot, generation } = leasing;
    return this.#done(native.secure(slot, generation, token), 'secure') === 1;
  }

  /** @throws LwsPoolError once the lease is over */
  check(): void {
    const { leasing, token } = this.require();
    this.#done(leasing.native.check(leasing.slot, leasing.generation, token), 'check');
  }

  vouch(): void {
    const { leasing, token } = this.require('vouch()');
    this.#done(leasing.native.vouch(leasing.slot, leasing.generation, token), 'vouch');
  }

  getOption(level: number, name: number, into: Uint8Array): number {
    const { leasing, token } = this.require();
    const { native, slot, generation } = leasing;
    return this.#done(
      native.getOption(slot, generation, token, level, name, into),
      'getsockopt',
    );
  }

  setOption(level: number, name: number, value: Uint8Array): void {
    const { leasing, token } = this.require();
    const { native, slot, generation } = leasing;
    this.#done(native.setOption(slot, generation, token, level, name, value), 'setsockopt');
  }

  unsent(): number {
    return this.#queued(true);
  }

  unread(): number {
    return this.#queued(false);
  }

  address(end: 'local' | 'remote'): { address: string; port: number } {
    const { leasing, token } = this.require();
    const { native, slot, generation } = leasing;
    const found = this.#done(native.addresses(slot, generation, token), 'getsockname');
    const fields = decodeFields(found);
    return {
      address: textOf(fields, `${end}Address`),
      port: Number(textOf(fields, `${end}Port`)),
    };
  }

  read(into: Uint8Array): number {
    return this.move('recv', false, into);
  }

  write(bytes: Uint8Array): number {
    return this.move('send', false, bytes);
  }

  shutdown(how: keyof typeof HOW): void {
    const { leasing, token } = this.require();
    const { native, slot, generation } = leasing;
    this.#done(native.shutdown(slot, generation, token, HOW[how]), 'shutdown');
  }

  /** Reads or writes, through TLS or beneath it. */
  move(syscall: 'recv' | 'send', tls: boolean, bytes: Uint8Array): number {
    const { leasing, token } = this.require();
    const { native, slot, generation } = leasing;
    const outcome =
      syscall === 'recv'
        ? native.read(slot, generation, token, tls, bytes)
        : native.write(slot, generation, token, tls, bytes);
    return outcome === AGAIN ? -1 : this.#done(outcome, syscall);
  }

  detach(operation: string, plain: boolean): Detached {
    const state = this.require(operation);
    const { leasing } = state;
    if (this.secure && (plain || leasing.side === 'handler')) {
      const reason = plain
        ? 'the connection speaks TLS, and a net.Socket does not'
        : 'the worker has to let go of the SSL object first; do it on the main thread';
      throw createError('ERR_TLS_OPERATION', { operation, reason });
    }
    const detached = this.#done(
      leasing.native.detach(leasing.slot, leasing.generation, state.token, DETACH_PATIENCE),
      'detach',
    );
    leasing.end(state, 'detached');
    return detached;
  }

  #queued(unsent: boolean): number {
    const { leasing, token } = this.require();
    const { native, slot, generation } = leasing;
    return this.#done(native.queued(slot, generation, token, unsent), 'ioctl');
  }

  #done<Result>(outcome: Result | number, syscall: string): Result {
    if (typeof outcome === 'number' && outcome < 0) throw this.failure(outcome, syscall);
    return outcome as Result;
  }

  /** The error of a native call that did nothing. */
  failure(outcome: number, syscall: string) {
    const { state } = this;
    const { leasing } = state;
    if (leasing.lost(state, outcome)) return state.error();
    return systemError(outcome, syscall, leasing.connection.id);
  }
}
