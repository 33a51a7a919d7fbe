/** A worker, as a placement function sees it. */
export interface PlacementWorker {
  /** Index of the worker. */
  readonly index: number;
  /** Its connections, open and opening. */
  readonly connections: number;
  /**
   * False while it starts, is being replaced after a crash, or does not answer; it takes no connection
   * then.
   */
  readonly alive: boolean;
}

/**
 * Which worker gets a new connection: the one with the fewest connections, each in turn, or the one
 * whose `index` your function returns; that worker must be alive. The function is called only while
 * at least one is.
 */
export type PlacementPolicy =
  | 'least-connections'
  | 'round-robin'
  | ((workers: readonly PlacementWorker[]) => number);
