import { decodeFields, textOf } from '../channel/fields.js';
import { createError } from '../errors/errors.js';
import type { NativeLeases } from '../native.js';
import { refuseInBio } from './in-bio.js';
import { AGAIN, systemError } from './outcome.js';
import type { LeaseState } from './state.js';

const HOW = { read: 0, write: 1, both: 2 } as const;
/** How long a worker gets to let go of a detached connection. Milliseconds. */
const DETACH_PATIENCE = 5_000;

/** A connection that was detached; you own what is in it. */
export interface Detached {
  /** Descriptor of the socket: close it when done. */
  readonly fd: number;
  /** With TLS, the `SSL*` on that descriptor: free it when done (SSL_free(3)). */
  readonly ssl?: bigint;
  /** Bytes of an unfinished incoming frame, as {@link Lease.leftover}. */
  readonly leftover: Buffer;
}

/** Calls native code with the name of a lease: slot, generation and token. */
type NativeCall<Result> = (
  native: NativeLeases,
  slot: number,
  generation: number,
  token: number,
) => Result | number;

/**
 * What the holder of a lease has of it: `lease`, `lease.socket` and `lease.tls` share this object,
 * and when the last of them is lost to the garbage collector, the lease has leaked.
 */
export class LeaseHandle {
  readonly state: LeaseState;

  constructor(state: LeaseState) {
    this.state = state;
  }

  /** @throws LwsPoolError once the lease is over, or lacks the mode that the operation needs */
  require(operation?: string): LeaseState {
    const { state } = this;
    if (state.ending !== undefined) throw state.error();
    if (operation !== undefined && !state.exclusive) {
      throw createError('ERR_LEASE_MODE', { operation, mode: 'shared' });
    }
    return state;
  }

  /**
   * @param what the system call, or what else it is, for the error
   * @throws LwsPoolError the lease's, ERR_LEASE_OPERATION, or ERR_TOO_MANY_FILES
   */
  call<Result>(what: string, run: NativeCall<Result>): Result {
    const { leased, token } = this.require();
    refuseInBio();
    const outcome = run(leased.native, leased.slot, leased.generation, token);
    if (typeof outcome === 'number' && outcome < 0) throw this.#failure(outcome, what);
    return outcome as Result;
  }

  /** @throws LwsPoolError once the lease is over */
  check(): void {
    this.call('check', (native, ...name) => native.check(...name));
  }

  /** Whether it is held, as far as native code knows. */
  get held(): boolean {
    if (this.state.ending !== undefined) return false;
    const { leased, token } = this.state;
    const outcome = leased.native.check(leased.slot, leased.generation, token);
    return !this.state.lost(outcome);
  }

  /** Whether there is TLS. */
  get secure(): boolean {
    return this.call('check', (native, ...name) => native.secure(...name)) === 1;
  }

  get leftover(): Buffer {
    this.require('leftover');
    return this.call('check', (native, ...name) => native.leftover(...name));
  }

  get fd(): number {
    const { state } = this;
    if (state.duplicate >= 0) {
      this.check();
    } else {
      const inode = new Float64Array(1);
      state.duplicate = this.call('dup', (native, ...name) => native.duplicate(...name, inode));
      state.inode = inode[0] as number;
    }
    return state.duplicate;
  }

  get ssl(): bigint | undefined {
    const state = this.require('ssl');
    if (!this.secure) return undefined;
    state.ssl ??= this.call<bigint>('SSL_up_ref', (native, ...name) => native.exposeTls(...name));
    return state.ssl;
  }

  confirmFrameBoundary(uncompressed: boolean): void {
    this.require('confirmFrameBoundary()');
    this.call('check', (native, ...name) => native.confirmFrameBoundary(...name, uncompressed));
  }

  getOption(level: number, option: number, into: Uint8Array): number {
    return this.call('getsockopt', (native, ...name) =>
      native.getOption(...name, level, option, into),
    );
  }

  setOption(level: number, option: number, value: Uint8Array): void {
    this.call('setsockopt', (native, ...name) => native.setOption(...name, level, option, value));
  }

  unsent(): number {
    return this.call('ioctl', (native, ...name) => native.queued(...name, true));
  }

  unread(): number {
    return this.call('ioctl', (native, ...name) => native.queued(...name, false));
  }

  address(end: 'local' | 'remote'): { address: string; port: number } {
    const fields = decodeFields(
      this.call<Buffer>('getsockname', (native, ...name) => native.addresses(...name)),
    );
    const port = Number(textOf(fields, `${end}Port`));
    return { address: textOf(fields, `${end}Address`), port };
  }

  shutdown(how: keyof typeof HOW): void {
    this.call('shutdown', (native, ...name) => native.shutdown(...name, HOW[how]));
  }

  /** Reads or writes, through TLS or beneath it; -1: nothing now. */
  move(syscall: 'recv' | 'send', tls: boolean, bytes: Uint8Array): number {
    return (
      this.call(syscall, (native, ...name) => {
        const moved =
          syscall === 'recv' ? native.read(...name, tls, bytes) : native.write(...name, tls, bytes);
        return moved === AGAIN ? undefined : moved;
      }) ?? -1
    );
  }

  /** @param plain only without TLS */
  detach(operation: string, plain: boolean): Detached {
    const { leased } = this.require(operation);
    if (this.secure && (plain || leased.coordinator.side === 'handler')) {
      const reason = plain
        ? 'the connection speaks TLS, and a net.Socket does not'
        : 'the worker has to let go of the SSL object first';
      const hint = plain ? 'Use detach().' : 'Detach it on the main thread.';
      throw createError('ERR_TLS_OPERATION', { operation, reason, hint });
    }
    for (const user of this.state.users ?? []) user.leave(this.state, DETACH_PATIENCE);
    const detached = this.call<Detached>('detach', (native, ...name) =>
      native.detach(...name, DETACH_PATIENCE),
    );
    this.state.end('detached');
    return detached;
  }

  #failure(outcome: number, what: string) {
    const { state } = this;
    if (state.lost(outcome)) return state.error();
    return systemError(outcome, what, state.connection.id);
  }
}
