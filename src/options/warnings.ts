import type { WarningLimits } from './limits.js';
import { Rejection } from './rejection.js';
import { flag, group, integer, integerOrFalse, read, reader } from './schema.js';

/** When a pool warns of problems that it detects. `false` turns that warning off. */
export interface WarningOptions {
  /** Time between two checks of all connections. Milliseconds; default: 1,000. */
  interval?: number | undefined;
  /**
   * How long the event loop of a worker may be blocked. Time in which it loads modules, or gets no
   * processor, does not count. Milliseconds; default: 1,000.
   */
  blockedAfter?: number | false | undefined;
  /**
   * Asks a blocked worker for its stack, by the inspector of Node.js; see docs/monitoring.md for when
   * not to. Default: false.
   */
  stacks?: boolean | undefined;
  /** How long messages of a connection may stay unread. Milliseconds; default: 60,000. */
  unreadAfter?: number | false | undefined;
  /** How long a peer may acknowledge nothing. Milliseconds; default: 15,000. */
  unresponsiveAfter?: number | false | undefined;
  /**
   * How many bytes a connection may have to send; the pool warns if they have not become fewer five
   * checks later. Bytes; default: 1,048,576.
   */
  queuedBytes?: number | false | undefined;
}

const LONGEST = 2 ** 31 - 1;

const milliseconds = integerOrFalse(1, LONGEST, ' (milliseconds)');

const schema = group({
  interval: integer(1, LONGEST, ' (milliseconds)'),
  blockedAfter: milliseconds,
  stacks: flag,
  unreadAfter: milliseconds,
  unresponsiveAfter: milliseconds,
  queuedBytes: integerOrFalse(1, Number.MAX_SAFE_INTEGER, ' (bytes)'),
});

export const warningsSchema = reader((value): WarningLimits | false => {
  if (value === false) return false;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Rejection('an object of options, or false');
  }
  return resolveWarnings(read(schema, value));
});

export function resolveWarnings(given: WarningOptions = {}): WarningLimits {
  const or = (value: number | false | undefined, usual: number) =>
    value === false ? undefined : (value ?? usual);
  return {
    interval: given.interval ?? 1_000,
    blockedAfter: or(given.blockedAfter, 1_000),
    stacks: given.stacks ?? false,
    unreadAfter: or(given.unreadAfter, 60_000),
    unresponsiveAfter: or(given.unresponsiveAfter, 15_000),
    queuedBytes: or(given.queuedBytes, 1024 * 1024),
  };
}
