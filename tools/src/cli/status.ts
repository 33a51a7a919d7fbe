/** Exit statuses, for scripts. */
export const STATUS = {
  ok: 0,
  /** A connection failed, a message was lost, or the command itself. */
  failed: 1,
  /** Called wrongly. */
  usage: 2,
} as const;
