/** Throws outside of the work at hand: an uncaught exception, like that of any other listener. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/** Runs a listener of the user's in the middle of work that has to go on, whatever it throws. */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    throwLater(error);
  }
}
