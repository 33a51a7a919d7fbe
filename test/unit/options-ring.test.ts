import { describe, expect, it } from 'vitest';
import {
  parseMultishotOptions,
  parsePollOptions,
  parseRecvOptions,
  parseRingOperation,
  parseRingOptions,
} from '../../src/options/options.js';
import { thrownBy } from './support/thrown.js';

describe('parseRingOptions', () => {
  it('has defaults for everything', () => {
    expect(parseRingOptions()).toEqual({
      ...{ entries: 256, completions: 512, registered: 256, bufferCount: 64, bufferSize: 4096 },
    });
  });

  it('takes what it is documented to take', () => {
    const buffers = { count: 32_768, size: 64 };
    expect(parseRingOptions({ entries: 8, registered: 0, buffers })).toEqual({
      ...{ entries: 8, completions: 16, registered: 0, bufferCount: 32_768, bufferSize: 64 },
    });
    // The kernel takes no fewer answers than entries.
    expect(parseRingOptions({ entries: 8, completions: 2 }).completions).toBe(8);
  });

  it.each<[unknown, option: string, ...said: string[]]>([
    [null, 'options', 'an object of options'],
    [{ entrys: 1 }, 'entrys', 'Did you mean "entries"?'],
    [{ entries: 0 }, 'entries', 'an integer from 1 to 32768', 'got 0'],
    [{ completions: 1 }, 'completions', 'an integer from 2 to 65536'],
    [{ registered: -1 }, 'registered', 'an integer from 0 to 1048576'],
    [{ buffers: 5 }, 'buffers', 'an object of options'],
    [{ buffers: { count: 3 } }, 'buffers.count', 'a power of two from 1 to 32768', 'got 3'],
    [{ buffers: { count: 65_536 } }, 'buffers.count', 'a power of two'],
    [{ buffers: { size: 63 } }, 'buffers.size', '(bytes)', 'got 63'],
  ])('refuses %j', (options, option, ...said) => {
    const error = thrownBy(() => parseRingOptions(options as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', details: { option } });
    for (const words of said) expect(error.message).toContain(words);
  });
});

describe('the options of operations', () => {
  const { signal } = new AbortController();

  it('are taken as documented', () => {
    expect(parseRingOperation(undefined)).toEqual({});
    expect(parseRingOperation({ signal })).toEqual({ signal });
    expect(parsePollOptions({ multishot: true })).toEqual({ multishot: true });
    expect(parseRecvOptions({ all: true, signal })).toEqual({ all: true, signal });
    expect(parseMultishotOptions(undefined)).toEqual({ signal: undefined, highWaterMark: 262_144 });
    expect(parseMultishotOptions({ highWaterMark: 1 }).highWaterMark).toBe(1);
  });

  it.each<[(options: never) => unknown, unknown, string]>([
    [parseRingOperation, { signal: {} }, 'signal'],
    [parseRingOperation, { all: true }, 'all'],
    [parsePollOptions, { multishot: 1 }, 'multishot'],
    [parseRecvOptions, { all: 'yes' }, 'all'],
    [parseMultishotOptions, { highWaterMark: 0 }, 'highWaterMark'],
  ])('are refused: %o %j', (parse, options, option) => {
    const error = thrownBy(() => parse(options as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', details: { option } });
  });
});
