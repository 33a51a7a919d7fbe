import { describe } from '../base/describe.js';
import { createError, type LwsPoolError } from './errors.js';

/**
 * What the constructor of a public class throws where it was not this library that called it.
 *
 * @param name of the class
 * @param argument the first of the constructor, by its name
 * @param call the way to get such an object, as it is written
 */
export function madeBy(name: string, argument: string, got: unknown, call: string): LwsPoolError {
  return createError('ERR_INVALID_ARGUMENT', {
    argument,
    got: describe(got),
    takes: `what only lws-pool itself passes to new ${name}()`,
    hint: `Call ${call}, which answers one.`,
  });
}
