import type { SocketAccess } from '../../../src/lease/access.js';

/** A socket of memory alone: options are what was set, and calls are written down. */
export class FakeSocket implements SocketAccess {
  readonly options = new Map<string, Uint8Array>();
  readonly calls: unknown[] = [];
  /** What read() finds: bytes, or nothing now. */
  incoming: Uint8Array | undefined;

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

  read(into: Uint8Array): number {
    if (this.incoming === undefined) return -1;
    into.set(this.incoming);
    return this.incoming.length;
  }

  write(bytes: Uint8Array): number {
    this.calls.push(['write', Buffer.from(bytes).toString()]);
    return bytes.length;
  }

  shutdown(how: string): void {
    this.calls.push(['shutdown', how]);
  }
}
