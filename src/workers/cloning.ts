import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';

/**
 * Sends a user's value to another thread.
 *
 * @throws LwsPoolError ERR_INVALID_ARGUMENT where it cannot be cloned
 */
export function cloning(argument: string, value: unknown, send: () => void): void {
  try {
    send();
  } catch (cause) {
    // Values may have getters, and proxies do as they like: whatever they throw is the cause.
    const takes = 'a value that structuredClone() can copy: no functions, for one';
    throw createError('ERR_INVALID_ARGUMENT', { argument, got: describe(value), takes }, { cause });
  }
}
