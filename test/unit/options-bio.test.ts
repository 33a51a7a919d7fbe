import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseBio } from '../../src/lease/custom-bio.js';
import {
  type BioOptions,
  parseConnectOptions,
  parsePoolOptions,
} from '../../src/options/options.js';
import { thrownBy } from './support/thrown.js';

const defaults = parsePoolOptions(undefined).connect;
const parse = (bio: unknown) => parseConnectOptions({ tls: { bio: bio as never } }, defaults).bios;

describe('the option tls.bio', () => {
  it('is none by default, one, or several in order', () => {
    expect(defaults.bios).toEqual([]);
    expect(parse({ type: 'counter' })).toEqual([{ type: 'counter' }]);
    expect(parse([])).toEqual([]);
    expect(parse([{ type: 'recorder' }, { type: 'coalesce' }])).toEqual([
      { type: 'recorder', records: 1024 },
      { type: 'coalesce', limit: 65_536 },
    ]);
  });

  it('is no part of what connections share', () => {
    const one = parseConnectOptions({ tls: { bio: { type: 'counter' } } }, defaults);
    const other = parseConnectOptions({ tls: { bio: { type: 'recorder' } } }, defaults);
    expect(one.tls).toBe(other.tls);
  });

  it('comes from the pool, and a connection may have others', () => {
    const pool = parsePoolOptions({ tls: { bio: { type: 'counter' } } }).connect;
    expect(pool.bios).toEqual([{ type: 'counter' }]);
    expect(parseConnectOptions({}, pool).bios).toBe(pool.bios);
    expect(parseConnectOptions({ tls: { bio: [] } }, pool).bios).toEqual([]);
    const nested = parsePoolOptions({ connect: { tls: { bio: { type: 'coalesce' } } } }).connect;
    expect(nested.bios).toMatchObject([{ type: 'coalesce' }]);
  });

  it('completes a fault with a seed', () => {
    const [one, other] = parse([{ type: 'fault' }, { type: 'fault', seed: 7, shortReads: 0.5 }]);
    expect(one).toMatchObject({ type: 'fault', delay: 10 });
    expect(one?.seed).toBeGreaterThanOrEqual(0);
    expect(other).toMatchObject({ seed: 7, shortReads: 0.5 });
  });

  it('makes paths of a capture and a module absolute', () => {
    expect(parse({ type: 'capture', file: 'x.pcapng' })).toEqual([
      { type: 'capture', file: `${process.cwd()}/x.pcapng`, limit: 64 * 1024 * 1024 },
    ]);
    const file = pathToFileURL('/tmp/a b.pcapng');
    expect(parse({ type: 'capture', file })).toMatchObject([{ file: '/tmp/a b.pcapng' }]);
    const module = '/srv/bio.mjs';
    expect(parse({ type: 'custom', module })).toEqual([
      { type: 'custom', module: `file://${module}` },
    ]);
  });

  it.each([
    [1, 'tls.bio'],
    [null, 'tls.bio'],
    ['counter', 'tls.bio'],
    [[{ type: 'counter' }, undefined], 'tls.bio[1]'],
    [{}, 'tls.bio.type'],
    [{ type: 'toString' }, 'tls.bio.type'],
    [{ type: 'counter', records: 1 }, 'tls.bio.records'],
    [{ type: 'recorder', records: 0 }, 'tls.bio.records'],
    [{ type: 'recorder', records: 65_537 }, 'tls.bio.records'],
    [{ type: 'capture' }, 'tls.bio.file'],
    [{ type: 'capture', file: undefined }, 'tls.bio.file'],
    [{ type: 'capture', file: '' }, 'tls.bio.file'],
    [{ type: 'capture', file: 'a\0b' }, 'tls.bio.file'],
    [{ type: 'capture', file: new URL('https://x/') }, 'tls.bio.file'],
    [{ type: 'capture', file: 'x', limit: 1023 }, 'tls.bio.limit'],
    [{ type: 'coalesce', limit: 0 }, 'tls.bio.limit'],
    [{ type: 'coalesce', limit: 2 ** 24 + 1 }, 'tls.bio.limit'],
    [{ type: 'custom', module: 'relative.mjs' }, 'tls.bio.module'],
    [{ type: 'custom' }, 'tls.bio.module'],
    [[{ type: 'fault', seed: -1 }], 'tls.bio[0].seed'],
    [{ type: 'fault', seed: 0.5 }, 'tls.bio.seed'],
    [{ type: 'fault', shortReads: 1.1 }, 'tls.bio.shortReads'],
    [{ type: 'fault', shortWrites: -0.1 }, 'tls.bio.shortWrites'],
    [{ type: 'fault', retries: '1' }, 'tls.bio.retries'],
    [{ type: 'fault', delays: Number.NaN }, 'tls.bio.delays'],
    [{ type: 'fault', delay: 0 }, 'tls.bio.delay'],
    [{ type: 'fault', corruptRead: -1 }, 'tls.bio.corruptRead'],
    [{ type: 'fault', corruptWrite: 1.5 }, 'tls.bio.corruptWrite'],
    [{ type: 'fault', resetAfter: -5 }, 'tls.bio.resetAfter'],
    [Array.from({ length: 17 }, () => ({ type: 'counter' })), 'tls.bio'],
  ])('refuses %j', (bio, option) => {
    const error = thrownBy(() => parse(bio));
    expect([error.code, error.details.option]).toEqual(['ERR_INVALID_OPTION', option]);
  });

  it('is read in the same way by pushBio()', () => {
    expect(parseBio({ type: 'counter' })).toEqual({ type: 'counter' });
    const error = thrownBy(() => parseBio({ type: 'recorder', records: -1 } as BioOptions));
    expect(error.details.option).toBe('bio.records');
  });
});
