import {
  createError,
  type ErrorDetails,
  errorFromNative,
  type LwsPoolError,
  withFlightRecord,
} from '../errors/errors.js';
import { bytesOfRecord } from '../flight/record.js';
import { type Fields, textOf } from './fields.js';

/**
 * The error that the fields of a record tell of; undefined where they tell of none.
 *
 * @param known what the reader knows better than native code: the URL, the host as asked for
 */
export function errorIn(
  fields: Fields,
  known: Readonly<Record<string, string>> = {},
): LwsPoolError | undefined {
  const code = textOf(fields, 'code');
  if (code === '') return undefined;
  const error = made(code, fields, known);
  const recorded = fields.get('flightRecord');
  if (recorded === undefined) return error;
  // A copy: what it lies in is large, and the error may be kept for long.
  return withFlightRecord(error, Buffer.from(recorded), known.url);
}

/** What ERR_ABORTED is where it was the pool that gave the opening up, since it is being closed. */
export function givenUpWithPool({ flightRecord }: LwsPoolError): LwsPoolError {
  const error = createError('ERR_POOL_CLOSED');
  return flightRecord === undefined
    ? error
    : withFlightRecord(error, bytesOfRecord(flightRecord), flightRecord.url);
}

/** What ERR_POOL_CLOSED is for a connection that was open, and ended with its pool. */
export function endedWithPool(error: LwsPoolError, details: ErrorDetails): LwsPoolError {
  const { code, cause } = error;
  if (code !== 'ERR_POOL_CLOSED') return error;
  return createError(code, details, cause === undefined ? undefined : { cause });
}

function made(code: string, fields: Fields, known: Readonly<Record<string, string>>): LwsPoolError {
  const facts = new Map<string, string | Buffer>([...Object.entries(known), ...fields]);
  const thrown = textOf(fields, 'thrown');
  const attempts = textOf(fields, 'attempts').split('\n').slice(0, -1);
  for (const name of ['code', 'thrown', 'attempts', 'flightRecord']) facts.delete(name);
  if (attempts.length > 1) {
    const errors = attempts.map((line) => attempt(line, known));
    return errorFromNative(code, facts, { cause: new AggregateError(errors, tried(facts)) });
  }
  if (thrown === '') return errorFromNative(code, facts);
  const cause = new Error(textOf(fields, 'reason'));
  cause.stack = thrown;
  return errorFromNative(code, facts, { cause });
}

/** Where not all addresses were tried, says so. */
function tried(facts: ReadonlyMap<string, string | Buffer>): string | undefined {
  const left = facts.get('addressesLeftOut');
  return left && `${left} more addresses of the host were left out: no more than 64 are tried`;
}

/** The error of one address: a line of address, code, error number and call. */
function attempt(line: string, known: Readonly<Record<string, string>>): LwsPoolError {
  const [address = '', code = '', errno = '', syscall = ''] = line.split(' ');
  const facts = Object.entries({ ...known, address, errno, syscall });
  return errorFromNative(code, new Map(facts.filter(([, fact]) => fact !== '')));
}
