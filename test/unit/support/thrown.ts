import { LwsPoolError } from '../../../src/errors/errors.js';

/** The LwsPoolError that a function throws; anything else fails the test. */
export function thrownBy(run: () => unknown): LwsPoolError {
  try {
    run();
  } catch (error) {
    if (error instanceof LwsPoolError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The LwsPoolError that a promise rejects with; anything else fails the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<LwsPoolError> {
  const outcome = await promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
  if (outcome instanceof LwsPoolError) return outcome;
  throw outcome;
}
