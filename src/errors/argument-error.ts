import { describe } from '../base/describe.js';
import { createError, type LwsPoolError } from './errors.js';

/**
 * ERR_INVALID_ARGUMENT for a value that has been passed.
 *
 * @param takes values that the argument may have
 */
export function argumentError(argument: string, got: unknown, takes: string): LwsPoolError {
  return createError('ERR_INVALID_ARGUMENT', { argument, got: describe(got), takes });
}
