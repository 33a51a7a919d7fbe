import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createError,
  fromPlain,
  type LwsPoolError,
  toPlain,
  withFlightRecord,
} from '../../src/errors/errors.js';
import { KINDS } from '../../src/flight/kinds.js';
import { FlightRecord } from '../../src/flight/record.js';

/** Time in microseconds of the monotonic clock, kind, a, b, detail. */
type Entry = readonly [time: number, kind: number, a?: number, b?: number, detail?: number];

/** Milliseconds from the monotonic clock to the epoch. */
const OFFSET = 1_700_000_000_000;

/** As native/core/flight/flight_recorder.cc writes it. */
function bytesOf(entries: readonly Entry[], lost = 0): Buffer {
  const bytes = Buffer.alloc(40 + entries.length * 16);
  for (const [index, word] of [7, 3, 5, 2, 0, 256].entries()) bytes.writeUInt32LE(word, index * 4);
  bytes.writeDoubleLE(lost, 24);
  bytes.writeDoubleLE(OFFSET, 32);
  for (const [index, [time, kind, a = 0, b = 0, detail = 0]] of entries.entries()) {
    const at = 40 + index * 16;
    bytes.writeUInt8(detail, at);
    bytes.writeUInt8(kind, at + 1);
    bytes.writeUIntLE(time, at + 2, 6);
    bytes.writeUInt32LE(a, at + 8);
    bytes.writeUInt32LE(b, at + 12);
  }
  return bytes;
}

const record = (...entries: Entry[]) => new FlightRecord(bytesOf(entries), { url: 'ws://h/' });
const factsOf = (...entry: [kind: number, ...rest: number[]]) =>
  record([0, ...entry] as unknown as Entry).events[0]?.facts;

describe('events', () => {
  it('have a name for every kind that native code writes, and no other', () => {
    const header = readFileSync('native/core/flight/flight_recorder.h', 'utf8');
    const [list = ''] = /enum class Flight[^}]*}/.exec(header) ?? [];
    const numbers = [...list.matchAll(/^ {2}\w+ = (\d+),/gm)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(40);
    expect(Object.keys(KINDS).map(Number)).toEqual(numbers);
  });

  it('are those of the ring, frozen, with times since the epoch', () => {
    const { events, id, worker, lost, error } = new FlightRecord(
      bytesOf(
        [
          [1_500, 1],
          [2_250, 30, 17],
        ],
        9,
      ),
      { error: 'ERR_PROTOCOL' },
    );
    expect({ id, worker, lost, error }).toEqual({
      ...{ id: '7.5.2', worker: 3, lost: 9, error: 'ERR_PROTOCOL' },
    });
    expect(events).toEqual([
      { time: OFFSET + 1.5, name: 'queued', category: 'phase', direction: undefined, facts: {} },
      { time: OFFSET + 2.25, name: 'read', category: 'io', direction: 'in', facts: { bytes: 17 } },
    ]);
    expect([events, events[0], events[1]?.facts].every(Object.isFrozen)).toBe(true);
  });

  it.each<[object, ...Parameters<typeof factsOf>]>([
    [{ protocol: 'TLSv1.3', resumed: true }, 5, 0x304, 1],
    [{ reason: 'WSI_CREATE' }, 10, 29],
    [{ reason: '4321', size: 8 }, 10, 4321, 8],
    [{ status: 403 }, 11, 403],
    [{ type: 'handshake', message: 'client_hello', bytes: 517 }, 21, 0x0016_0001, 517],
    [{ type: 'alert', level: 'fatal', alert: 'unknown_ca' }, 20, 0x0015_0230, 2],
    [{ type: 'alert', level: 'warning', alert: 'close_notify' }, 20, 0x0015_0100, 2],
    [{ type: 'change_cipher_spec', bytes: 1 }, 21, 0x0014_0000, 1],
    [{ bytes: 10 }, 31, 10, 10],
    [{ bytes: 10, of: 20, by: 'lease' }, 31, 10, 20, 1],
    [{ truncated: true }, 33, 0, 0, 1],
    [{ lease: 4, mode: 'exclusive', of: 'main thread' }, 53, 4, 1],
    [{ lease: 5, mode: 'shared', of: 'handler' }, 54, 5, 0, 1],
    [{ request: 6, mode: 'exclusive', of: 'handler' }, 50, 6, 1, 1],
    [{ errno: 'ECONNRESET' }, 70, 104],
    [{ code: 1002 }, 70, 0, 1002],
    [
      { state: 'CLOSE_WAIT', rtt: 250, retransmits: 2, unacked: 3, lost: 1 },
      ...([71, 250, 0x0003_0001, 0x82] as const),
    ],
    [{ sndCwnd: 10, totalRetrans: 5 }, 72, 10, 5],
  ])('say %o', (facts, ...entry) => {
    expect(factsOf(...entry)).toEqual(facts);
  });

  it('of a kind that is not known keep their number', () => {
    expect(record([0, 99]).events[0]).toMatchObject({ name: 'event 99' });
  });
});

describe('as text', () => {
  it('is a line for each event, aligned, with arrows', () => {
    const text = new FlightRecord(
      bytesOf(
        [
          [0, 1],
          [12_345, 21, 0x0016_0001, 517],
          [13_000, 70, 104],
        ],
        1,
      ),
      {
        ...{ url: 'wss://h/', error: 'ERR_CONNECTION_RESET' },
      },
    ).toString();
    expect(text.split('\n')).toEqual([
      'connection 7.5.2 to wss://h/ on worker 3 from 2023-11-14T22:13:20.000Z',
      '(1 earlier event is lost)',
      ' 0.000 ms    queued',
      '12.345 ms -> tls     type=handshake message=client_hello bytes=517',
      '13.000 ms    error   errno=ECONNRESET',
      'ended with ERR_CONNECTION_RESET',
    ]);
  });

  it('of nothing is a title', () => {
    expect(String(record())).toBe('connection 7.5.2 to ws://h/ on worker 3');
    expect(inspect(record([0, 1]))).toBe('FlightRecord { 7.5.2, 1 events }');
  });
});

describe('as trace events', () => {
  it('has phases one after the other, and leases in them', () => {
    const events = record(
      [100, 1],
      [110, 2],
      [200, 4],
      [300, 5, 0x304],
      [400, 6],
      [500, 53, 1, 1],
      [550, 53, 2, 0],
      [600, 54, 1, 1],
      [700, 53, 3, 0],
      [800, 54, 2, 0],
    ).toTraceEvents();
    const slices = events.filter(({ ph }) => ph === 'X');
    expect(slices.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
      ['queue', 100, 10],
      ['TCP', 110, 90],
      ['TLS', 200, 100],
      ['upgrade', 300, 100],
      ['open', 400, 400],
      ['exclusive lease 1', 500, 100],
    ]);
    const overlapping = events.filter(({ ph }) => ph === 'b' || ph === 'e');
    expect(overlapping.map(({ name, ph, ts, id }) => [name, ph, ts, id])).toEqual([
      ['shared lease 2', 'b', 550, '7.5.2/2'],
      ['shared lease 3', 'b', 700, '7.5.2/3'],
      ['shared lease 2', 'e', 800, '7.5.2/2'],
      ['shared lease 3', 'e', 800, '7.5.2/3'],
    ]);
    const times = events.map(({ ts }) => ts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(events[0]).toMatchObject({
      ph: 'M',
      name: 'thread_name',
      args: { name: '7.5.2 ws://h/' },
    });
    expect(events.every(({ pid }) => pid === process.pid)).toBe(true);
  });

  it('calls what follows TCP an upgrade where there is no TLS', () => {
    const names = record([0, 1], [1, 2], [2, 4], [3, 6]).toTraceEvents();
    expect(names.filter(({ ph }) => ph === 'X').map(({ name }) => name)).toEqual([
      ...['queue', 'TCP', 'upgrade', 'open'],
    ]);
  });
});

it('goes with its error to another thread', () => {
  const error = withFlightRecord(
    createError('ERR_PROTOCOL'),
    bytesOf([
      [0, 1],
      [1, 70, 104],
    ]),
    'ws://h/',
  );
  const arrived = fromPlain(structuredClone(toPlain(error))) as LwsPoolError;
  expect(arrived.flightRecord?.events).toEqual(error.flightRecord?.events);
  expect(arrived.flightRecord?.url).toBe('ws://h/');
  expect(inspect(arrived)).not.toContain('flightRecord');
  expect(createError('ERR_PROTOCOL').flightRecord).toBeUndefined();
});
