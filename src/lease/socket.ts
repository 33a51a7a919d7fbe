import { isUint8Array } from 'node:util/types';
import { argumentError } from '../errors/argument-error.js';
import type { LeaseHandle } from './handle.js';
import { MAKE } from './internal.js';
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
 * The socket of a leased connection: `lease.socket`. With a shared lease you can only look at it;
 * changing it, reading and writing need an exclusive one. Bytes are those on the wire: frames, or TLS
 * records. See socket(7), tcp(7), ip(7), ipv6(7) and unix(7).
 *
 * Every method throws the error of the lease once it has ended, ERR_INVALID_ARGUMENT for a wrong
 * argument, ERR_LEASE_MODE where it needs an exclusive lease, and ERR_LEASE_OPERATION with
 * `details.errno` where the kernel refuses.
 */
export class LeaseSocket {
  readonly #handle: LeaseHandle;

  /** @internal */
  static [MAKE](handle: LeaseHandle): LeaseSocket {
    return new LeaseSocket(handle);
  }

  private constructor(handle: LeaseHandle) {
    this.#handle = handle;
  }

  /**
   * Returns TCP_INFO of the kernel (tcp(7)): round trips, windows, losses and counters, in the kernel's
   * units. Costs one system call.
   *
   * @throws LwsPoolError ERR_LEASE_OPERATION for a Unix socket
   */
  tcpInfo(): TcpInfo {
    return decodeTcpInfo(tcpInfo, this.#handle.getOption(IPPROTO_TCP, TCP_INFO, tcpInfo));
  }

  /**
   * Returns an option by its name in the manual, in the kernel's unit; SO_RCVTIMEO and SO_SNDTIMEO are
   * in milliseconds.
   *
   * @throws LwsPoolError ERR_LEASE_MODE for SO_ERROR with a shared lease, since reading clears it
   */
  getOption<Name extends SocketOptionName>(name: Name): SocketOptionValues[Name];
  /**
   * Returns the bytes of any option, getsockopt(2).
   *
   * @param length bytes to make room for, 1 to 4096; the result may be shorter
   */
  getOption(level: number, name: number, length: number): Buffer;
  getOption(nameOrLevel: unknown, number?: unknown, length?: unknown): unknown {
    if (typeof nameOrLevel !== 'number') {
      const option = findOption(nameOrLevel);
      this.#refuseTaking(option.level, option.number);
      return readOption(this.#handle, option);
    }
    const level = integer('level', nameOrLevel, 0, MAX_INT);
    const name = integer('name', number, 0, MAX_INT);
    const into = Buffer.alloc(integer('length', length, 1, LONGEST_OPTION));
    this.#refuseTaking(level, name);
    return into.subarray(0, this.#handle.getOption(level, name, into));
  }

  /** Sets an option by its name in the manual, beyond the lease. Exclusive leases only. */
  setOption<Name extends SettableSocketOption>(name: Name, value: SocketOptionValues[Name]): void;
  /** Sets any option from its bytes, setsockopt(2), beyond the lease. Exclusive leases only. */
  setOption(level: number, name: number, value: Uint8Array): void;
  setOption(nameOrLevel: unknown, numberOrValue: unknown, value?: unknown): void {
    this.#handle.require('setOption()');
    if (typeof nameOrLevel !== 'number') {
      const option = findOption(nameOrLevel);
      const bytes = encodeOption(nameOrLevel as string, option, numberOrValue);
      this.#handle.setOption(option.level, option.number, bytes);
      return;
    }
    const level = integer('level', nameOrLevel, 0, MAX_INT);
    const name = integer('name', numberOrValue, 0, MAX_INT);
    this.#handle.setOption(level, name, bytesOf('value', value));
  }

  /** Returns how many written bytes the peer has not acknowledged yet (SIOCOUTQ, tcp(7)). */
  unsent(): number {
    return this.#handle.unsent();
  }

  /** Returns how many received bytes wait in the kernel (SIOCINQ, tcp(7)). */
  unread(): number {
    return this.#handle.unread();
  }

  /** Local IP address, or path of the Unix socket; `''` without one. */
  get localAddress(): string {
    return this.#handle.address('local').address;
  }

  /** Local port; 0 for a Unix socket. */
  get localPort(): number {
    return this.#handle.address('local').port;
  }

  /** The peer's IP address, or the path of its Unix socket. */
  get remoteAddress(): string {
    return this.#handle.address('remote').address;
  }

  /** The peer's port; 0 for a Unix socket. */
  get remotePort(): number {
    return this.#handle.address('remote').port;
  }

  /** Congestion control: `cubic`, `bbr`, ...; change it with `setOption('TCP_CONGESTION', name)`. */
  get congestionControl(): string {
    return this.getOption('TCP_CONGESTION');
  }

  /**
   * Reads received bytes without waiting, recv(2). Exclusive leases only.
   *
   * @param buffer where they go, at least one byte long
   * @returns how many bytes were read; 0: the peer has ended; -1: there are none now
   */
  read(buffer: Uint8Array): number {
    this.#handle.require('read()');
    const into = bytesOf('buffer', buffer);
    // A result of 0 would say that the peer has ended.
    if (into.length === 0) throw argumentError('buffer', buffer, 'a buffer of at least one byte');
    return this.#handle.move('recv', false, into);
  }

  /**
   * Writes as many bytes as the kernel takes without waiting, send(2). Exclusive leases only.
   *
   * @returns how many bytes were taken, perhaps fewer than given; -1: none can be taken now
   */
  write(buffer: Uint8Array): number {
    this.#handle.require('write()');
    return this.#handle.move('send', false, bytesOf('buffer', buffer));
  }

  /** Ends one direction or both, shutdown(2). Exclusive leases only. */
  shutdown(how: 'read' | 'write' | 'both'): void {
    this.#handle.require('shutdown()');
    if (!HOW.includes(how)) throw argumentError('how', how, '"read", "write" or "both"');
    this.#handle.shutdown(how);
  }

  /** Reading SO_ERROR clears it, and the connection has to learn of the error. */
  #refuseTaking(level: number, name: number): void {
    if (level === SOL_SOCKET && name === SO_ERROR) this.#handle.require("getOption('SO_ERROR')");
  }
}

function integer(argument: string, value: unknown, least: number, most: number): number {
  const number = value as number;
  if (Number.isInteger(value) && number >= least && number <= most) return number;
  throw argumentError(argument, value, `an integer from ${least} to ${most}`);
}

function bytesOf(argument: string, value: unknown): Uint8Array {
  if (isUint8Array(value)) return value;
  throw argumentError(argument, value, 'a Buffer or another Uint8Array');
}
