/**
 * Whether a function of a BIO is running on this thread: it does so under the lock of its connection,
 * which nothing here may then take.
 */
export const bioScope = {
  depth: 0,
  get inside(): boolean {
    return this.depth > 0;
  },
  /** The BIOs that this thread knows by name, where it is a worker. */
  nameOf: undefined as ((definition: unknown) => string | undefined) | undefined,
};
