import { describe, expect, it } from 'vitest';
import { defaultConnectOptions, parseConnectOptions } from '../../src/options/connect.js';
import { parseSendStreamOptions } from '../../src/options/send-stream.js';
import { parseTargetOptions } from '../../src/options/target.js';
import { parseTlsOptions } from '../../src/options/tls.js';

const defaults = defaultConnectOptions(parseTlsOptions({}));
const read = (compression: unknown) =>
  parseConnectOptions({ compression } as never, defaults).compression;

const all = {
  threshold: 1024,
  level: 3,
  memLevel: 8,
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 0,
  clientMaxWindowBits: 0,
  maxRatio: 0,
};

describe('compression', () => {
  it('is off by default, and one word switches it on', () => {
    expect(defaults.compression).toBe(false);
    expect(parseConnectOptions({}, defaults).compression).toBe(false);
    expect(read(false)).toBe(false);
    expect(read(true)).toEqual(all);
    expect(read({})).toEqual(all);
    expect(parseTargetOptions({ compression: true }).compression).toEqual(all);
    expect(parseTargetOptions().compression).toBe(false);
  });

  it('takes its options', () => {
    const given = {
      threshold: 0,
      level: 9,
      memLevel: 1,
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 8,
      clientMaxWindowBits: 15,
      maxRatio: 200,
    };
    expect(read(given)).toEqual(given);
  });

  it('a call may switch off what the pool has on', () => {
    const pool = { ...defaults, compression: all };
    expect(parseConnectOptions({}, pool).compression).toEqual(all);
    expect(parseConnectOptions({ compression: false }, pool).compression).toBe(false);
  });

  it.each([
    [1, 'compression'],
    ['yes', 'compression'],
    [null, 'compression'],
    [[], 'compression'],
    [{ threshold: -1 }, 'compression.threshold'],
    [{ level: 0 }, 'compression.level'],
    [{ level: 10 }, 'compression.level'],
    [{ memLevel: 0 }, 'compression.memLevel'],
    [{ serverNoContextTakeover: 1 }, 'compression.serverNoContextTakeover'],
    [{ clientNoContextTakeover: 'x' }, 'compression.clientNoContextTakeover'],
    [{ serverMaxWindowBits: 7 }, 'compression.serverMaxWindowBits'],
    [{ clientMaxWindowBits: 16 }, 'compression.clientMaxWindowBits'],
    [{ maxRatio: 0 }, 'compression.maxRatio'],
    [{ windowBits: 9 }, 'compression.windowBits'],
  ])('not %j', (given, option) => {
    expect(() => read(given)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        details: expect.objectContaining({ option }),
      }),
    );
  });
});

describe('sendStream()', () => {
  it.each([{ binary: 1 }, { compress: 'no' }, { signal: {} }, { fin: true }])('not %j', (given) => {
    expect(() => parseSendStreamOptions(given as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    );
  });
});
