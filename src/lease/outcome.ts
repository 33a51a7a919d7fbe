import { getSystemErrorName } from 'node:util';
import { createError, type LwsPoolError } from '../errors/errors.js';

/**
 * The numbers below zero that native leases answer with, where they did nothing; as
 * native/core/cell/lease_cell.h and native/bindings/leases_binding.cc have them.
 */
export const BUSY = -1;
export const NOT_ESTABLISHED = -2;
export const CLOSED = -3;
export const NOT_HELD = -4;
/** The worker was using the connection for longer than a thread waits for it. */
export const OCCUPIED = -5;
export const AGAIN = -10;
export const TRUNCATED = -11;
/** A BIO of the connection runs in its worker alone. */
export const BOUND = -12;
const ERRNO = -100;

/** Why an operation of a lease was not done. */
export function systemError(
  outcome: number,
  syscall: string,
  connection: string | undefined,
): LwsPoolError {
  if (outcome === OCCUPIED) {
    return createError('ERR_WORKER_BUSY', { operation: syscall, connection });
  }
  if (outcome === BOUND) {
    return createError('ERR_TLS_OPERATION', {
      operation: syscall,
      reason: 'a BIO of this connection is JavaScript of its worker',
      hint: 'Do it in a handler: there it runs on that thread.',
    });
  }
  if (outcome <= ERRNO) return errnoError(ERRNO - outcome, syscall, connection);
  const reason = outcome === TRUNCATED ? 'the peer ended TCP without ending TLS' : undefined;
  return createError('ERR_LEASE_OPERATION', { syscall, reason, connection });
}

/** @param errno a positive number */
export function errnoError(
  errno: number,
  syscall: string,
  connection: string | undefined,
): LwsPoolError {
  const details = { syscall, errno: getSystemErrorName(-errno), connection };
  if (details.errno === 'EMFILE' || details.errno === 'ENFILE') {
    const operation = `call ${syscall}() on ${connection === undefined ? 'a connection' : `connection ${connection}`}`;
    return createError('ERR_TOO_MANY_FILES', { ...details, operation });
  }
  return createError('ERR_LEASE_OPERATION', details);
}

/** Why no lease was granted. */
export function refusalError(outcome: number, connection: string): LwsPoolError {
  return createError(
    outcome === NOT_ESTABLISHED ? 'ERR_NOT_ESTABLISHED' : 'ERR_CONNECTION_CLOSED',
    { connection },
  );
}
