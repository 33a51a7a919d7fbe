/** Limits above which a pool warns. Milliseconds and bytes; undefined: that is not looked for. */
export interface WarningLimits {
  /** Between two rounds over all connections. */
  readonly interval: number;
  /** Whether blocked workers are asked for their stacks. */
  readonly stacks: boolean;
  readonly blockedAfter: number | undefined;
  readonly unreadAfter: number | undefined;
  readonly unresponsiveAfter: number | undefined;
  readonly queuedBytes: number | undefined;
}
