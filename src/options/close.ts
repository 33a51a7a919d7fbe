import { group, integer, parseWith } from './schema.js';

/** Options of `pool.close()`. */
export interface CloseOptions {
  /**
   * How long connections may take to close before they are terminated. Milliseconds; default: the
   * `closeTimeout` of each.
   */
  readonly timeout?: number | undefined;
}

const closeSchema = group({ timeout: integer(0, 2 ** 31 - 1, ' (milliseconds)') });

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseCloseOptions(input: CloseOptions | undefined): CloseOptions {
  return parseWith(closeSchema, input === undefined ? {} : input);
}
