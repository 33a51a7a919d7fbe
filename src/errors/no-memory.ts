import { createError } from './errors.js';

/**
 * Runs what takes as much memory as somebody's message does.
 *
 * @param connection whose it is, for the error
 * @throws LwsPoolError ERR_NO_MEMORY
 */
export function whileMemoryLasts<Result>(run: () => Result, connection?: string): Result {
  try {
    return run();
  } catch (cause) {
    if (!isShortage(cause)) throw cause;
    throw createError('ERR_NO_MEMORY', connection === undefined ? {} : { connection }, { cause });
  }
}

/** V8 and native code say so by a RangeError, the C++ library by its own name. */
function isShortage(error: unknown): boolean {
  return error instanceof RangeError || (error as Error | undefined)?.message === 'std::bad_alloc';
}
