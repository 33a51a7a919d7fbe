import type { NativeLeases } from '../native.js';

/** IPPROTO_TCP, TCP_INFO: netinet/tcp.h. */
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** Up to tcpi_last_ack_recv, which no kernel since 2.6 leaves out. */
const info = new DataView(new ArrayBuffer(60));
const bytes = new Uint8Array(info.buffer);

/** Fields of `struct tcp_info`, by their names there; milliseconds. */
export interface Contact {
  readonly retransmits: number;
  readonly backoff: number;
  readonly unacked: number;
  readonly lastAckRecv: number;
}

/** Undefined where there is no TCP, or somebody has the connection to himself. */
export function readContact(
  native: NativeLeases,
  slot: number,
  generation: number,
): Contact | undefined {
  const filled = shared(native, slot, generation, (token) =>
    native.getOption(slot, generation, token, IPPROTO_TCP, TCP_INFO, bytes),
  );
  if (filled < bytes.length) return undefined;
  return {
    retransmits: info.getUint8(2),
    backoff: info.getUint8(4),
    unacked: info.getUint32(24, true),
    lastAckRecv: info.getUint32(56, true),
  };
}

/** Bytes that have arrived and that nobody has read from the kernel; 0 where that is not known. */
export function unreadBytes(native: NativeLeases, slot: number, generation: number): number {
  return Math.max(
    0,
    shared(native, slot, generation, (token) => native.queued(slot, generation, token, false)),
  );
}

/** Under a shared lease, if there is one at once: the worker goes on serving, and nobody is told. */
function shared(
  native: NativeLeases,
  slot: number,
  generation: number,
  look: (token: number) => number,
): number {
  const token = native.take(slot, generation, false, false, 0, true);
  if (token <= 0) return token;
  try {
    return look(token);
  } finally {
    native.release(slot, generation, token, -1);
  }
}
