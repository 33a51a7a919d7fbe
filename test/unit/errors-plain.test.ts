import { describe, expect, it } from 'vitest';
import { CertificateError, createError, fromPlain, toPlain } from '../../src/errors/errors.js';

/** As it arrives in another thread. */
function crossed(error: unknown): unknown {
  return fromPlain(structuredClone(toPlain(error)));
}

describe('toPlain and fromPlain', () => {
  it('keeps class, code, details, message and stack', () => {
    const validTo = new Date('2025-01-01T00:00:00Z');
    const error = createError('ERR_CERT_EXPIRED', { host: 'h', validTo });
    const arrived = crossed(error) as CertificateError;
    expect(arrived).toBeInstanceOf(CertificateError);
    expect(arrived.code).toBe('ERR_CERT_EXPIRED');
    expect(arrived.details).toEqual(error.details);
    expect(arrived.message).toBe(error.message);
    expect(arrived.stack).toBe(error.stack);
    expect(arrived.validTo).toEqual(validTo);
    expect('cause' in arrived).toBe(false);
  });

  it('keeps causes, with the classes of the language', () => {
    const cause = Object.assign(new TypeError('bad', { cause: 'why' }), { code: 'E_BAD' });
    const arrived = crossed(createError('ERR_HANDLER_FAILED', {}, { cause })) as Error;
    expect(arrived.cause).toBeInstanceOf(TypeError);
    expect(arrived.cause).toMatchObject({ message: 'bad', code: 'E_BAD', cause: 'why' });
    expect((arrived.cause as Error).stack).toBe(cause.stack);
  });

  it('keeps the errors of an AggregateError', () => {
    const errors = [createError('ERR_CONNECTION_REFUSED', { host: 'a' }), new RangeError('b')];
    const arrived = crossed(new AggregateError(errors, 'all')) as AggregateError;
    expect(arrived).toBeInstanceOf(AggregateError);
    expect(arrived.errors[0]).toMatchObject({ code: 'ERR_CONNECTION_REFUSED' });
    expect(arrived.errors[1]).toBeInstanceOf(RangeError);
  });

  it('keeps the name of a class it does not know', () => {
    class CustomError extends Error {
      override name = 'CustomError';
      callback = () => undefined;
    }
    const arrived = crossed(new CustomError('mine')) as Error;
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived.name).toBe('CustomError');
    expect(arrived.message).toBe('mine');
  });

  it('takes whatever can be thrown', () => {
    expect(crossed('text')).toBe('text');
    expect(crossed(undefined)).toBe(undefined);
    expect(crossed(null)).toBe(null);
    expect(crossed(7n)).toBe(7n);
    expect(crossed({ a: [1] })).toEqual({ a: [1] });
    expect(crossed(Symbol('s'))).toBe('Symbol(s)');
    expect(crossed(() => 1)).toMatch(/Function/);
    expect(crossed({ run: () => 1 })).toMatch(/run: \[Function/);
  });

  it('ends at a cause that is its own', () => {
    const error = new Error('round');
    error.cause = error;
    expect(crossed(error)).toMatchObject({
      message: 'round',
      cause: { cause: { message: 'round' } },
    });
  });

  it('says so when it meets a code from another version', () => {
    const plain = { ...toPlain(createError('ERR_SYSTEM')), code: 'ERR_LATER' };
    expect(fromPlain(plain as ReturnType<typeof toPlain>)).toMatchObject({
      code: 'ERR_SYSTEM',
      message: expect.stringContaining('ERR_LATER'),
    });
  });
});
