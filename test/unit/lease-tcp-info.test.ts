import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeTcpInfo, TCP_INFO_BYTES, type TcpInfo } from '../../src/lease/tcp-info.js';
import { thrownBy } from './support/thrown.js';

/** Each field with its offset and size in bytes, but for those that are decoded further. */
const FIELDS: readonly [name: keyof TcpInfo, offset: number, size: 1 | 2 | 4 | 8][] = [
  ...at(2, 1, 'retransmits', 'probes', 'backoff'),
  ...at(8, 4, 'rto', 'ato', 'sndMss', 'rcvMss', 'unacked', 'sacked', 'lost', 'retrans', 'fackets'),
  ...at(44, 4, 'lastDataSent', 'lastAckSent', 'lastDataRecv', 'lastAckRecv', 'pmtu'),
  ...at(64, 4, 'rcvSsthresh', 'rtt', 'rttvar', 'sndSsthresh', 'sndCwnd', 'advmss', 'reordering'),
  ...at(92, 4, 'rcvRtt', 'rcvSpace', 'totalRetrans'),
  ...at(104, 8, 'pacingRate', 'maxPacingRate', 'bytesAcked', 'bytesReceived'),
  ...at(136, 4, 'segsOut', 'segsIn', 'notsentBytes', 'minRtt', 'dataSegsIn', 'dataSegsOut'),
  ...at(160, 8, 'deliveryRate', 'busyTime', 'rwndLimited', 'sndbufLimited'),
  ...at(192, 4, 'delivered', 'deliveredCe'),
  ...at(200, 8, 'bytesSent', 'bytesRetrans'),
  ...at(216, 4, 'dsackDups', 'reordSeen', 'rcvOoopack', 'sndWnd', 'rcvWnd', 'rehash'),
  ...at(240, 2, 'totalRto', 'totalRtoRecoveries'),
  ...at(244, 4, 'totalRtoTime', 'receivedCe', 'deliveredE1Bytes', 'deliveredE0Bytes'),
  ...at(260, 4, 'deliveredCeBytes', 'receivedE1Bytes', 'receivedE0Bytes', 'receivedCeBytes'),
];
/** Where what ends the structure begins. */
const LAST = 276;

function at(offset: number, size: 1 | 2 | 4 | 8, ...names: (keyof TcpInfo)[]) {
  return names.map(
    (name, index) => [name, offset + index * size, size] as [typeof name, number, typeof size],
  );
}

/** Zeros but for the bytes given, from an offset on. */
function memory(offset = 0, bytes: readonly number[] = []): Uint8Array {
  const all = new Uint8Array(TCP_INFO_BYTES);
  all.set(bytes, offset);
  return all;
}

const decode = (offset: number, ...bytes: number[]) =>
  decodeTcpInfo(memory(offset, bytes), TCP_INFO_BYTES, true);

describe('decodeTcpInfo', () => {
  it.each(FIELDS)('%s is at %i, %i bytes', (name, offset, size) => {
    const bytes = Array.from({ length: size }, (_, index) => 0xf1 + index);
    const value = Buffer.from(bytes).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const info = decode(offset, ...bytes);
    expect(info[name]).toBe(size === 8 ? value : Number(value));
    const others = FIELDS.filter(([other]) => other !== name);
    for (const [other] of others) expect(Number(info[other])).toBe(0);
  });

  it('leaves undefined what the kernel did not fill, whatever the buffer holds', () => {
    const full = new Uint8Array(TCP_INFO_BYTES).fill(0xff);
    for (let length = 104; length <= TCP_INFO_BYTES; length++) {
      const info = decodeTcpInfo(full, length, true);
      for (const [name, offset, size] of FIELDS) {
        expect(info[name] !== undefined).toBe(offset + size <= length);
      }
      expect(info.ecnMode !== undefined).toBe(length === TCP_INFO_BYTES);
    }
  });

  it('has the same keys in the same order for every kernel', () => {
    const keys = Object.keys(decodeTcpInfo(memory(), TCP_INFO_BYTES, true));
    expect(Object.keys(decodeTcpInfo(memory(), 104, true))).toEqual(keys);
    expect(Object.keys(decodeTcpInfo(memory(), TCP_INFO_BYTES, false))).toEqual(keys);
  });

  it('reads a part of a larger memory, and ignores what a newer kernel adds', () => {
    const large = new Uint8Array(512).fill(0xff);
    large.set(memory(68, [1, 2]), 3);
    expect(decodeTcpInfo(large.subarray(3), 400, true).rtt).toBe(0x201);
    expect(decodeTcpInfo(large.subarray(3), 400, true).receivedCeBytes).toBe(0);
    expect(decodeTcpInfo(large.subarray(3, 3 + 200), 280, true).bytesSent).toBeUndefined();
  });

  it('names the states', () => {
    expect(decode(0, 1).state).toBe('ESTABLISHED');
    expect(decode(0, 8).state).toBe('CLOSE_WAIT');
    expect(decode(0, 13).state).toBe('BOUND_INACTIVE');
    expect(decode(0, 0).state).toBe('UNKNOWN');
    expect(decode(0, 14).state).toBe('UNKNOWN');
    expect(decode(1, 0).caState).toBe('Open');
    expect(decode(1, 4).caState).toBe('Loss');
    expect(decode(1, 5).caState).toBe('UNKNOWN');
  });

  it('tells the options apart', () => {
    const names = ['timestamps', 'sack', 'wscale', 'ecn', 'ecnSeen', 'synData', 'usecTs'];
    for (const [bit, name] of [...names, 'tfoChild'].entries()) {
      const on = Object.entries(decode(5, 1 << bit).options).filter(([, value]) => value);
      expect(on).toEqual([[name, true]]);
    }
  });

  it('decodes the bit fields', () => {
    expect(decode(6, 0xa7)).toMatchObject({ sndWscale: 7, rcvWscale: 10 });
    expect(decode(7, 1)).toMatchObject({
      ...{ deliveryRateAppLimited: true, fastopenClientFail: 'UNSPEC' },
    });
    expect(decode(7, 0b110)).toMatchObject({
      ...{ deliveryRateAppLimited: false, fastopenClientFail: 'SYN_RETRANSMITTED' },
    });
    expect(decode(7, 0b1010).fastopenClientFail).toBe('COOKIE_UNAVAILABLE');
  });

  it('decodes the end as Linux 7.0 has it', () => {
    expect(decode(LAST, 0b1001_0110, 0x03, 0x02, 0xf1)).toMatchObject({
      ...{ ecnMode: 'ACCECN', accecnOptSeen: 'EMPTY_SEEN', accecnFailMode: 9, options2: 0xf10203 },
    });
  });

  it('decodes the end as Linux 6.18 has it', () => {
    const info = decodeTcpInfo(memory(LAST, [5, 0, 3, 0]), TCP_INFO_BYTES, false);
    expect(info).toMatchObject({ accecnOptSeen: 'FAIL_SEEN', accecnFailMode: 5 });
    expect([info.ecnMode, info.options2]).toEqual([undefined, undefined]);
  });

  it('refuses what is too short for any kernel', () => {
    const error = thrownBy(() => decodeTcpInfo(memory(), 103));
    expect(error).toMatchObject({ code: 'ERR_SYSTEM', details: { syscall: 'getsockopt' } });
  });

  it('is described in docs/leases.md, each field', () => {
    const docs = readFileSync(new URL('../../docs/leases.md', import.meta.url), 'utf8');
    const { options, ...info } = decodeTcpInfo(memory(), TCP_INFO_BYTES);
    const names = [...Object.keys(info), ...Object.keys(options)];
    expect(names.filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
  });
});
