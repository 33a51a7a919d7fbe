import { isUint8Array } from 'node:util/types';
import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import type { SocketAccess } from './access.js';
import { SO_ERROR, SOL_SOCKET } from './option-table.js';
import {
  encodeOption,
  findOption,
  readOption,
  type SettableSocketOption,
  type SocketOptionName,
  type SocketOptionValues,
} from './socket-options.js';
import { decodeTcpInfo, TCP_INFO_BYTES, type TcpInfo } from './tcp-info.js';

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const MAX_INT = 0x7fff_ffff;
const LONGEST_OPTION = 4096;
const HOW = ['read', 'write', 'both'] as const;

/** The kernel writes it and it is read at once: one is enough for all sockets of a thread. */
const tcpInfo = new Uint8Array(TCP_INFO_BYTES);

/**
 * The socket beneath a connection, for as long as the lease lasts: `lease.socket`. With a shared
 * lease it can only be looked at, since the connection goes on meanwhile; changing it, reading and
 * writing need an exclusive one. Bytes are those on the wire: frames, or TLS records.
 *
 * Every method throws the lease's error once it is over, ERR_INVALID_ARGUMENT for what it does not
 * take, ERR_LEASE_MODE for what a shared lease does not allow, and the kernel's error (`errno` in
 * `details`) where that refuses. See socket(7), tcp(7), ip(7), ipv6(7) and unix(7).
 */
export class LeaseSocket {
  readonly #access: SocketAccess;
  readonly #exclusive: boolean;

  /** @internal */
  constructor(access: SocketAccess, exclusive: boolean) {
    this.#access = access;
    this.#exclusive = exclusive;
  }

  /**
   * What the kernel knows of the TCP connection: round trips, windows, losses, counters, with the
   * kernel's units. Costs one system call.
   *
   * @throws LwsPoolError the kernel's error for a Unix socket
   */
  tcpInfo(): TcpInfo {
    return decodeTcpInfo(tcpInfo, this.#access.getOption(IPPROTO_TCP, TCP_INFO, tcpInfo));
  }

  /**
   * An option by its name in the manual; its unit is the kernel's, but for times of SO_RCVTIMEO
   * and SO_SNDTIMEO, which are milliseconds.
   *
   * @throws LwsPoolError ERR_LEASE_MODE for SO_ERROR of a shared lease: who reads it takes it away
   */
  getOption<Name extends SocketOptionName>(name: Name): SocketOptionValues[Name];
  /**
   * The bytes of any option, getsockopt(2).
   *
   * @param length bytes to make room for, 1 to 4096; the answer may be shorter
   */
  getOption(level: number, name: number, length: number): Buffer;
  getOption(nameOrLevel: unknown, number?: unknown, length?: unknown): unknown {
    if (typeof nameOrLevel !== 'number') {
      const option = findOption(nameOrLevel);
      this.#refuseTaking(option.level, option.number);
      return readOption(this.#access, option);
    }
    const level = integer('level', nameOrLevel, 0, MAX_INT);
    const name = integer('name', number, 0, MAX_INT);
    const into = Buffer.alloc(integer('length', length, 1, LONGEST_OPTION));
    this.#refuseTaking(level, name);
    return into.subarray(0, this.#access.getOption(level, name, into));
  }

  /** Sets an option by its name in the manual. Exclusive leases only. It outlives the lease. */
  setOption<Name extends SettableSocketOption>(name: Name, value: SocketOptionValues[Name]): void;
  /** Sets any option from its bytes, setsockopt(2). Exclusive leases only. It outlives the lease. */
  setOption(level: number, name: number, value: Uint8Array): void;
  setOption(nameOrLevel: unknown, numberOrValue: unknown, value?: unknown): void {
    this.#needExclusive('setOption()');
    if (typeof nameOrLevel !== 'number') {
      const option = findOption(nameOrLevel);
      const bytes = encodeOption(nameOrLevel as string, option, numberOrValue);
      this.#access.setOption(option.level, option.number, bytes);
      return;
    }
    const level = integer('level', nameOrLevel, 0, MAX_INT);
    const name = integer('name', numberOrValue, 0, MAX_INT);
    this.#access.setOption(level, name, bytesOf('value', value));
  }

  /** Bytes written that the peer has not acknowledged, sent or not (SIOCOUTQ, tcp(7)). */
  unsent(): number {
    return this.#access.unsent();
  }

  /** Bytes that came in and that nobody has read from the kernel (SIOCINQ, tcp(7)). */
  unread(): number {
    return this.#access.unread();
  }

  /** Our IP address, or the path of a Unix socket, '' for none. */
  get localAddress(): string {
    return this.#access.address('local').address;
  }

  /** Our port; 0 for a Unix socket. */
  get localPort(): number {
    return this.#access.address('local').port;
  }

  /** The peer's IP address, or the path of its Unix socket. */
  get remoteAddress(): string {
    return this.#access.address('remote').address;
  }

  /** The peer's port; 0 for a Unix socket. */
  get remotePort(): number {
    return this.#access.address('remote').port;
  }

  /** `cubic`, `bbr`, ...; setOption('TCP_CONGESTION', ...) changes it. */
  get congestionControl(): string {
    return this.getOption('TCP_CONGESTION');
  }

  /**
   * Reads what has come in, without waiting, recv(2). Exclusive leases only.
   *
   * @param buffer at least one byte long
   * @returns bytes read; 0: the peer has ended; -1: there is nothing now
   */
  read(buffer: Uint8Array): number {
    this.#needExclusive('read()');
    const into = bytesOf('buffer', buffer);
    // An answer of 0 would say that the peer has ended.
    if (into.length === 0) throw wrong('buffer', buffer, 'a buffer of at least one byte');
    return this.#access.read(into);
  }

  /**
   * Writes as much as the kernel takes, without waiting, send(2). Exclusive leases only.
   *
   * @returns bytes taken, maybe fewer than given; -1: none can be taken now
   */
  write(buffer: Uint8Array): number {
    this.#needExclusive('write()');
    return this.#access.write(bytesOf('buffer', buffer));
  }

  /** Ends one direction or both, shutdown(2). Exclusive leases only. */
  shutdown(how: 'read' | 'write' | 'both'): void {
    this.#needExclusive('shutdown()');
    if (!HOW.includes(how)) throw wrong('how', how, '"read", "write" or "both"');
    this.#access.shutdown(how);
  }

  /** The connection has to learn of an error: who reads SO_ERROR is the only one who does. */
  #refuseTaking(level: number, name: number): void {
    if (level === SOL_SOCKET && name === SO_ERROR) this.#needExclusive("getOption('SO_ERROR')");
  }

  #needExclusive(operation: string): void {
    if (!this.#exclusive) throw createError('ERR_LEASE_MODE', { operation, mode: 'shared' });
  }
}

function integer(argument: string, value: unknown, least: number, most: number): number {
  const number = value as number;
  if (Number.isInteger(value) && number >= least && number <= most) return number;
  throw wrong(argument, value, `an integer from ${least} to ${most}`);
}

function bytesOf(argument: string, value: unknown): Uint8Array {
  if (isUint8Array(value)) return value;
  throw wrong(argument, value, 'a Buffer or another Uint8Array');
}

function wrong(argument: string, value: unknown, takes: string) {
  return createError('ERR_INVALID_ARGUMENT', { argument, got: describe(value), takes });
}
