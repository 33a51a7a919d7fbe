import { group, integer, parseWith } from './schema.js';

/** Options of `pool.close()`. */
export interface CloseOptions {
  /**
   * How long connections get to end properly, whatever they are at. Milliseconds; default: each its
   * `closeTimeout`.
   */
  readonly timeout?: number | undefined;
}

const closeSchema = group({ timeout: integer(0, 2 ** 31 - 1, ' (milliseconds)') });

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseCloseOptions(input: CloseOptions | undefined): CloseOptions {
  return parseWith(closeSchema, input === undefined ? {} : input);
}
