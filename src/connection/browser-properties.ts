import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';

/** What the WebSocket of browsers has, and would do nothing here. */
export type BrowserProperty = 'onopen' | 'onmessage' | 'onclose' | 'onerror' | 'binaryType';

/**
 * Has assignments to these properties throw ERR_INVALID_ARGUMENT instead of doing nothing. They are
 * defined here, and not in the class, so that types do not offer them.
 *
 * @param instead what to do, for each
 */
export function refuseAssignments(
  prototype: object,
  instead: Readonly<Record<BrowserProperty, string>>,
): void {
  for (const [property, hint] of Object.entries(instead)) {
    Object.defineProperty(prototype, property, {
      configurable: true,
      get: () => undefined,
      set(value: unknown) {
        const got = describe(value);
        const takes = 'no assignment';
        throw createError('ERR_INVALID_ARGUMENT', { argument: property, got, takes, hint });
      },
    });
  }
}
