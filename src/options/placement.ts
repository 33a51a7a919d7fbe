/** What a placement sees of a worker. */
export interface PlacementWorker {
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
 * Which worker gets a new connection: the one with the fewest, each in turn, or what a function
 * answers: the `index` of one that is alive. The function is called only while there is one.
 */
export type PlacementPolicy =
  | 'least-connections'
  | 'round-robin'
  | ((workers: readonly PlacementWorker[]) => number);
