import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as kinds from '../../src/lease/option-kinds.js';
import { SOCKET_OPTIONS, type SocketOption } from '../../src/lease/option-table.js';
import type {
  SettableSocketOption,
  SocketOptionName,
  SocketOptionValues,
} from '../../src/lease/socket-options.js';
import { FakeSocket } from './support/socket-access.js';
import { thrownBy } from './support/thrown.js';

/** For each kind values it takes, and values it does not. */
const SAMPLES = new Map<unknown, { takes: readonly unknown[]; refuses: readonly unknown[] }>([
  [kinds.boolean, { takes: [true, false], refuses: [1, 0, 'true', null, undefined] }],
  [
    kinds.int,
    {
      takes: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
      refuses: [2 ** 31, 1.5, Number.NaN, 1n, '1', true],
    },
  ],
  [kinds.uint32, { takes: [0, 1, 2 ** 32 - 1], refuses: [-1, 2 ** 32, 0.5, 1n, '1', undefined] }],
  [kinds.uint64, { takes: [0n, 1n, 2n ** 64n - 1n], refuses: [-1n, 2n ** 64n, 1, '1', undefined] }],
  [
    kinds.name,
    {
      takes: ['', 'cubic', 'x'.repeat(15)],
      refuses: ['x'.repeat(16), '\u00e9'.repeat(8), 'a\0', 1],
    },
  ],
  [
    kinds.linger,
    {
      takes: [
        { onoff: true, linger: 0 },
        { onoff: false, linger: 2 ** 31 - 1 },
      ],
      refuses: [
        null,
        true,
        {},
        { onoff: 1, linger: 1 },
        { onoff: true, linger: -1 },
        { onoff: true },
      ],
    },
  ],
  [
    kinds.milliseconds,
    {
      takes: [0, 1, 999, 1000, 1500.25, 86_400_000],
      refuses: [-1, Number.NaN, Infinity, 1e300, 1n],
    },
  ],
]);

const names = Object.keys(SOCKET_OPTIONS) as SocketOptionName[];
const settable = names.filter((name) => SOCKET_OPTIONS[name].settable) as SettableSocketOption[];
const fixed = names.filter((name) => !SOCKET_OPTIONS[name].settable);

function samplesOf(name: SocketOptionName) {
  const samples = SAMPLES.get(SOCKET_OPTIONS[name].kind);
  if (samples === undefined) throw new Error(`no sample for ${name}`);
  return samples;
}

describe('the options', () => {
  it.each(settable)('%s is read as it was set', (name) => {
    const { socket } = new FakeSocket();
    for (const value of samplesOf(name).takes) {
      socket.setOption(name, value as never);
      expect(socket.getOption(name)).toEqual(value);
    }
  });

  it.each(settable)('%s refuses other values, and sets nothing', (name) => {
    const access = new FakeSocket();
    const { socket } = access;
    for (const value of samplesOf(name).refuses) {
      const { code, details } = thrownBy(() => socket.setOption(name, value as never));
      expect([code, details.argument]).toEqual(['ERR_INVALID_ARGUMENT', 'value']);
      expect(details.takes).toContain(name);
    }
    expect(access.options.size).toBe(0);
  });

  it.each(fixed)('%s is read and cannot be set', (name) => {
    const access = new FakeSocket();
    const { socket } = access;
    const { level, number, kind } = SOCKET_OPTIONS[name] as SocketOption<unknown>;
    const [, value] = samplesOf(name).takes;
    const set = () => socket.setOption(name as never, value as never);
    expect(thrownBy(set)).toMatchObject({
      ...{ code: 'ERR_INVALID_ARGUMENT', details: { argument: 'name' } },
    });
    access.setOption(level, number, kind.encode(value) as Uint8Array);
    expect(socket.getOption(name)).toEqual(value);
  });

  it('are all different to the kernel', () => {
    const numbers = Object.values(SOCKET_OPTIONS).map(({ level, number }) => `${level}.${number}`);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('are in docs/leases.md, in italics where they cannot be set', () => {
    const docs = readFileSync(new URL('../../docs/leases.md', import.meta.url), 'utf8');
    const rows = docs.slice(docs.indexOf('### Options'));
    const listed = [...rows.matchAll(/(\*?)`((?:SO|TCP|IP|IPV6)_\w+)`/g)];
    expect(listed.map(([, , name]) => name).sort()).toEqual([...names].sort());
    const italic = listed.filter(([, star]) => star !== '').map(([, , name]) => name);
    expect(italic.sort()).toEqual([...fixed].sort());
  });
});

describe('their memory', () => {
  const set = (name: SettableSocketOption, value: unknown) => {
    const access = new FakeSocket();
    access.socket.setOption(name, value as never);
    return Object.fromEntries([...access.options].map(([key, bytes]) => [key, [...bytes]]));
  };

  it('is that of the kernel', () => {
    expect(set('TCP_NODELAY', true)).toEqual({ '6.1': [1, 0, 0, 0] });
    expect(set('IPV6_UNICAST_HOPS', -1)).toEqual({ '41.16': [255, 255, 255, 255] });
    expect(set('SO_MARK', 0x1_0002)).toEqual({ '1.36': [2, 0, 1, 0] });
    expect(set('SO_MAX_PACING_RATE', 258n)).toEqual({ '1.47': [2, 1, 0, 0, 0, 0, 0, 0] });
    expect(set('TCP_ULP', 'tls')).toEqual({ '6.31': [116, 108, 115, 0] });
    expect(set('SO_LINGER', { onoff: true, linger: 5 })).toEqual({
      '1.13': [1, 0, 0, 0, 5, 0, 0, 0],
    });
    expect(set('SO_RCVTIMEO', 2001)).toEqual({
      ...{ '1.20': [2, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0, 0, 0, 0, 0] },
    });
  });

  it('carries microseconds that round up to a second', () => {
    expect(set('SO_SNDTIMEO', 999.9999)).toEqual({
      ...{ '1.21': [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
    });
  });

  it('may be filled in part', () => {
    const access = new FakeSocket(false);
    const { socket } = access;
    access.setOption(0, 1, Uint8Array.of(16));
    expect(socket.getOption('IP_TOS')).toBe(16);
    expect(socket.getOption('TCP_ULP')).toBe('');
    access.setOption(6, 13, Buffer.from('cubic\0\0\0garbage!'));
    expect(socket.getOption('TCP_CONGESTION')).toBe('cubic');
    access.setOption(6, 13, Buffer.from('sixteen-letters!'));
    expect(socket.getOption('TCP_CONGESTION')).toBe('sixteen-letters!');
  });
});

describe('their types', () => {
  it('go by the name', () => {
    expectTypeOf<SocketOptionValues['TCP_NODELAY']>().toEqualTypeOf<boolean>();
    expectTypeOf<SocketOptionValues['SO_COOKIE']>().toEqualTypeOf<bigint>();
    expectTypeOf<SocketOptionValues['TCP_CONGESTION']>().toEqualTypeOf<string>();
    expectTypeOf<SocketOptionValues['SO_LINGER']>().toEqualTypeOf<kinds.Linger>();
    expectTypeOf<'SO_COOKIE' extends SettableSocketOption ? true : false>().toEqualTypeOf<false>();
    expectTypeOf<'SO_MARK' extends SettableSocketOption ? true : false>().toEqualTypeOf<true>();
  });
});
