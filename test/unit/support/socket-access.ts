import { createError } from '../../../src/errors/errors.js';
import type { LeaseHandle } from '../../../src/lease/handle.js';
import { MAKE } from '../../../src/lease/internal.js';
import { LeaseSocket } from '../../../src/lease/socket.js';

/** A socket of memory alone: options are what was set, and calls are written down. */
export class FakeSocket implements Partial<LeaseHandle> {
  readonly options = new Map<string, Uint8Array>();
  readonly calls: unknown[] = [];
  /** What read() finds: bytes, or nothing now. */
  incoming: Uint8Array | undefined;
  readonly #exclusive: boolean;

  constructor(exclusive = true) {
    this.#exclusive = exclusive;
  }

  get socket(): LeaseSocket {
    return LeaseSocket[MAKE](this as unknown as LeaseHandle);
  }

  require(operation?: string): never {
    if (!this.#exclusive) throw createError('ERR_LEASE_MODE', { operation, mode: 'shared' });
    return undefined as never;
  }

  getOption(level: number, name: number, into: Uint8Array): number {
    const value = this.options.get(`${level}.${name}`) ?? new Uint8Array();
    const filled = value.subarray(0, into.length);
    into.set(filled);
    return filled.length;
  }

  setOption(level: number, name: number, value: Uint8Array): void {
    this.options.set(`${level}.${name}`, Uint8Array.from(value));
  }

  unsent(): number {
    return 7;
  }

  unread(): number {
    return 9;
  }

  address(end: 'local' | 'remote') {
    return end === 'local'
      ? { address: '127.0.0.1', port: 40_000 }
      : { address: '192.0.2.1', port: 443 };
  }

  move(syscall: 'recv' | 'send', _tls: boolean, bytes: Uint8Array): number {
    if (syscall === 'send') {
      this.calls.push(['write', Buffer.from(bytes).toString()]);
      return bytes.length;
    }
    if (this.incoming === undefined) return -1;
    bytes.set(this.incoming);
    return this.incoming.length;
  }

  shutdown(how: string): void {
    this.calls.push(['shutdown', how]);
  }
}
