/**
 * Runs a listener of the user's in the middle of work that has to go on. What it throws is thrown
 * again outside of that work, as an uncaught exception like that of any other listener.
 */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
