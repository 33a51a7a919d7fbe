import { inspect } from 'node:util';
import { bytesOfRecord } from '../flight/record.js';
import { createError, LwsPoolError, withFlightRecord } from './classes.js';
import type { ErrorDetails } from './details.js';
import { type ErrorCode, isErrorCode } from './table.js';

/** An error, or anything else that was thrown, in a form that structured clone keeps whole. */
export type PlainError =
  | {
      kind: 'pool';
      code: ErrorCode;
      details: ErrorDetails;
      stack: string;
      cause?: PlainError;
      flight?: { readonly bytes: Uint8Array; readonly url: string | undefined };
    }
  | {
      kind: 'error';
      name: string;
      message: string;
      stack: string;
      code?: string | number;
      cause?: PlainError;
      /** Those of an AggregateError. */
      errors?: PlainError[];
    }
  | { kind: 'value'; value: unknown };

/** Causes deeper than this are dropped; it also ends chains that bite their own tail. */
const DEEPEST_CAUSE = 8;

/**
 * An error made ready for `postMessage`. The structured clone algorithm alone would drop the
 * class, `code` and `details`, and would throw at a cause that holds a function.
 */
export function toPlain(error: unknown): PlainError {
  return plain(error, 0);
}

/** The error that {@link toPlain} took apart, with its class, stack and causes. */
export function fromPlain(plainError: PlainError): unknown {
  switch (plainError.kind) {
    case 'pool': {
      const { code, details, stack, cause } = plainError;
      const options = cause === undefined ? undefined : { cause: fromPlain(cause) };
      const error = isErrorCode(code)
        ? createError(code, details, options)
        : createError('ERR_SYSTEM', { reason: `unknown error code ${String(code)}` }, options);
      const { flight } = plainError;
      if (flight !== undefined) withFlightRecord(error, Buffer.from(flight.bytes), flight.url);
      return withStack(error, stack);
    }
    case 'error':
      return rebuild(plainError);
    case 'value':
      return plainError.value;
  }
}

function plain(thrown: unknown, depth: number): PlainError {
  if (!(thrown instanceof Error)) return { kind: 'value', value: cloneable(thrown) };
  const stack = typeof thrown.stack === 'string' ? thrown.stack : '';
  const below =
    'cause' in thrown && depth < DEEPEST_CAUSE ? { cause: plain(thrown.cause, depth + 1) } : {};
  if (thrown instanceof LwsPoolError) {
    const { code, details, flightRecord } = thrown;
    const flight = flightRecord && { bytes: bytesOfRecord(flightRecord), url: flightRecord.url };
    return { kind: 'pool', code, details, stack, ...below, ...(flight && { flight }) };
  }
  const code = 'code' in thrown ? thrown.code : undefined;
  return {
    kind: 'error',
    name: String(thrown.name),
    message: String(thrown.message),
    stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(thrown instanceof AggregateError && depth < DEEPEST_CAUSE
      ? { errors: thrown.errors.map((error) => plain(error, depth + 1)) }
      : {}),
    ...below,
  };
}

/** A thrown value that is no error: as it is where it can be cloned, else as text. */
function cloneable(value: unknown): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
    return typeof value === 'symbol' ? String(value) : value;
  }
  try {
    return structuredClone(value);
  } catch {
    return inspect(value, { depth: 1 });
  }
}

const BUILT_IN = new Map<string, ErrorConstructor>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((Class) => [
    Class.name,
    Class as ErrorConstructor,
  ]),
);

function rebuild(from: PlainError & { kind: 'error' }): Error {
  const { name, message, stack, code, cause, errors } = from;
  const options = cause === undefined ? undefined : { cause: fromPlain(cause) };
  const error =
    errors === undefined
      ? new (BUILT_IN.get(name) ?? Error)(message, options)
      : new AggregateError(errors.map(fromPlain), message, options);
  if (error.name !== name) {
    Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  }
  return withStack(code === undefined ? error : Object.assign(error, { code }), stack);
}

function withStack<E extends Error>(error: E, stack: string): E {
  if (stack !== '') error.stack = stack;
  return error;
}
