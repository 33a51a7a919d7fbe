import { release } from 'node:os';
import {
  ACCECN_OPTION,
  CONGESTION_STATES,
  ECN_MODES,
  FASTOPEN_FAILURES,
  TCP_STATES,
  type TcpInfo,
} from '../base/tcp-info-fields.js';
import { createError } from '../errors/errors.js';

export type { TcpInfo } from '../base/tcp-info-fields.js';

/** Bytes of the longest struct tcp_info that is known here. */
export const TCP_INFO_BYTES = 280;
/** Up to `totalRetrans` it has been the same since Linux 2.6.10. */
const OLDEST_BYTES = 104;

/**
 * Linux 6.18 and 6.19 end it with two 16-bit numbers, Linux 7.0 with bit fields of one of 32 bits:
 * the length does not tell them apart.
 */
const ENDS_IN_BITS = Number.parseInt(release(), 10) >= 7;

/**
 * Reads the first `length` bytes as `struct tcp_info`, on a little-endian machine.
 *
 * @param length what the kernel said it filled
 * @param endsInBits the layout of Linux 7.0 at the end; by default that of the running kernel
 * @throws LwsPoolError ERR_SYSTEM where that is too short for any kernel
 */
export function decodeTcpInfo(
  buffer: Uint8Array,
  length: number,
  endsInBits = ENDS_IN_BITS,
): TcpInfo {
  const end = Math.min(length, buffer.length);
  if (end < OLDEST_BYTES) {
    const reason = `TCP_INFO has ${end} bytes`;
    throw createError('ERR_SYSTEM', { syscall: 'getsockopt', reason });
  }
  const view = new DataView(buffer.buffer, buffer.byteOffset, end);
  const options = view.getUint8(5);
  const scales = view.getUint8(6);
  const flags = view.getUint8(7);
  const last = u32(view, 276);
  // One literal: objects of one shape, which keeps this and what reads them fast.
  return {
    state: TCP_STATES[view.getUint8(0) - 1] ?? 'UNKNOWN',
    caState: CONGESTION_STATES[view.getUint8(1)] ?? 'UNKNOWN',
    retransmits: view.getUint8(2),
    probes: view.getUint8(3),
    backoff: view.getUint8(4),
    options: {
      timestamps: (options & 1) !== 0,
      sack: (options & 2) !== 0,
      wscale: (options & 4) !== 0,
      ecn: (options & 8) !== 0,
      ecnSeen: (options & 16) !== 0,
      synData: (options & 32) !== 0,
      usecTs: (options & 64) !== 0,
      tfoChild: (options & 128) !== 0,
    },
    sndWscale: scales & 15,
    rcvWscale: scales >> 4,
    deliveryRateAppLimited: (flags & 1) !== 0,
    fastopenClientFail: word(FASTOPEN_FAILURES, flags >> 1),

    rto: view.getUint32(8, true),
    ato: view.getUint32(12, true),
    sndMss: view.getUint32(16, true),
    rcvMss: view.getUint32(20, true),
    unacked: view.getUint32(24, true),
    sacked: view.getUint32(28, true),
    lost: view.getUint32(32, true),
    retrans: view.getUint32(36, true),
    fackets: view.getUint32(40, true),
    lastDataSent: view.getUint32(44, true),
    lastAckSent: view.getUint32(48, true),
    lastDataRecv: view.getUint32(52, true),
    lastAckRecv: view.getUint32(56, true),
    pmtu: view.getUint32(60, true),
    rcvSsthresh: view.getUint32(64, true),
    rtt: view.getUint32(68, true),
    rttvar: view.getUint32(72, true),
    sndSsthresh: view.getUint32(76, true),
    sndCwnd: view.getUint32(80, true),
    advmss: view.getUint32(84, true),
    reordering: view.getUint32(88, true),
    rcvRtt: view.getUint32(92, true),
    rcvSpace: view.getUint32(96, true),
    totalRetrans: view.getUint32(100, true),

    pacingRate: u64(view, 104),
    maxPacingRate: u64(view, 112),
    bytesAcked: u64(view, 120),
    bytesReceived: u64(view, 128),
    segsOut: u32(view, 136),
    segsIn: u32(view, 140),
    notsentBytes: u32(view, 144),
    minRtt: u32(view, 148),
    dataSegsIn: u32(view, 152),
    dataSegsOut: u32(view, 156),
    deliveryRate: u64(view, 160),
    busyTime: u64(view, 168),
    rwndLimited: u64(view, 176),
    sndbufLimited: u64(view, 184),
    delivered: u32(view, 192),
    deliveredCe: u32(view, 196),
    bytesSent: u64(view, 200),
    bytesRetrans: u64(view, 208),
    dsackDups: u32(view, 216),
    reordSeen: u32(view, 220),
    rcvOoopack: u32(view, 224),
    sndWnd: u32(view, 228),
    rcvWnd: u32(view, 232),
    rehash: u32(view, 236),
    totalRto: u16(view, 240),
    totalRtoRecoveries: u16(view, 242),
    totalRtoTime: u32(view, 244),

    receivedCe: u32(view, 248),
    deliveredE1Bytes: u32(view, 252),
    deliveredE0Bytes: u32(view, 256),
    deliveredCeBytes: u32(view, 260),
    receivedE1Bytes: u32(view, 264),
    receivedE0Bytes: u32(view, 268),
    receivedCeBytes: u32(view, 272),
    ecnMode: last === undefined || !endsInBits ? undefined : word(ECN_MODES, last),
    accecnOptSeen:
      last === undefined ? undefined : word(ACCECN_OPTION, endsInBits ? last >>> 2 : last >>> 16),
    accecnFailMode: last === undefined ? undefined : endsInBits ? (last >>> 4) & 15 : last & 0xffff,
    options2: last === undefined || !endsInBits ? undefined : last >>> 8,
  };
}

/** The word for the lowest two bits. */
function word<Word>(words: readonly [Word, Word, Word, Word], bits: number): Word {
  return words[(bits & 3) as 0 | 1 | 2 | 3];
}

function u16(view: DataView, offset: number): number | undefined {
  return offset + 2 <= view.byteLength ? view.getUint16(offset, true) : undefined;
}

function u32(view: DataView, offset: number): number | undefined {
  return offset + 4 <= view.byteLength ? view.getUint32(offset, true) : undefined;
}

function u64(view: DataView, offset: number): bigint | undefined {
  return offset + 8 <= view.byteLength ? view.getBigUint64(offset, true) : undefined;
}
