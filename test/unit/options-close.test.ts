import { describe, expect, it } from 'vitest';
import { parseCloseArguments } from '../../src/options/options.js';
import { thrownBy } from './support/thrown.js';

describe('parseCloseArguments', () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])(
    'takes %i',
    (code) => expect(parseCloseArguments(code, 'bye')).toEqual({ code, reason: 'bye' }),
  );

  it('takes no code, and 1000 for a reason alone', () => {
    expect(parseCloseArguments()).toEqual({ code: undefined, reason: '' });
    expect(parseCloseArguments(undefined, '')).toEqual({ code: undefined, reason: '' });
    expect(parseCloseArguments(undefined, 'bye')).toEqual({ code: 1000, reason: 'bye' });
  });

  it('counts a reason in bytes of UTF-8', () => {
    const reason = '\u20ac'.repeat(41);
    expect(parseCloseArguments(1000, reason)).toEqual({ code: 1000, reason });
    const error = thrownBy(() => parseCloseArguments(1000, `${reason}x`));
    expect(error.code).toBe('ERR_INVALID_ARGUMENT');
    expect(error.message).toContain('"reason" takes a string of at most 123 bytes');
    expect(error.message).toContain('it got 124 bytes');
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, Number.NaN, '1000', null])(
    'refuses the code %j',
    (code) => {
      const error = thrownBy(() => parseCloseArguments(code));
      expect(error.code).toBe('ERR_INVALID_ARGUMENT');
      expect(error.message).toContain('"code" takes a close code: 1000 to 1003');
    },
  );

  it.each([5, null, Buffer.from('bye')])('refuses the reason %j', (reason) => {
    const error = thrownBy(() => parseCloseArguments(1000, reason));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', details: { argument: 'reason' } });
  });
});
