/**
 * How the parts of a lease reach native code. Every call throws the lease's error once the lease
 * is over, and an LwsPoolError such as ERR_LEASE_OPERATION where the kernel refuses.
 */
export interface SocketAccess {
  /** getsockopt(2) into `into`; answers how many bytes were filled. */
  getOption(level: number, name: number, into: Uint8Array): number;
  /** setsockopt(2) */
  setOption(level: number, name: number, value: Uint8Array): void;
  /** Bytes that were written and the peer has not acknowledged (SIOCOUTQ). */
  unsent(): number;
  /** Bytes that came in and were not read (SIOCINQ). */
  unread(): number;
  /** An IP address and its port, or the path of a Unix socket and port 0. */
  address(end: 'local' | 'remote'): { address: string; port: number };
  /** Exclusive only. -1: there is nothing to read now (EAGAIN); 0: the peer has ended. */
  read(into: Uint8Array): number;
  /** Exclusive only. -1: nothing can be written now (EAGAIN). */
  write(bytes: Uint8Array): number;
  /** Exclusive only. */
  shutdown(how: 'read' | 'write' | 'both'): void;
}
