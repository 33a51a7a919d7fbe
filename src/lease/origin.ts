/** Where a lease was taken; without a stack where too many were taken to look at each. */
export interface Origin {
  readonly stack?: string;
}

/**
 * A stack takes longer than the lease itself. So many are looked at in a second, and after a pause so
 * many at once: all of those who take a few, and no burden on whoever takes thousands.
 */
const PER_SECOND = 20;
const AT_ONCE = 100;
/** The innermost callers say where; each further one costs. */
const FRAMES = 4;

const UNKNOWN: Origin = Object.freeze({});
let left = AT_ONCE;
/** When `left` was right, in milliseconds. */
let counted = 0;

/**
 * The callers of that function.
 *
 * @param always looks, and further, whatever it costs
 */
export function originOf(above: (...given: never[]) => unknown, always = false): Origin {
  if (!always && !mayLook()) return UNKNOWN;
  const origin: Origin = {};
  const limit = Error.stackTraceLimit;
  if (!always) Error.stackTraceLimit = Math.min(limit, FRAMES);
  Error.captureStackTrace(origin, above);
  if (!always) Error.stackTraceLimit = limit;
  return origin;
}

function mayLook(): boolean {
  const now = performance.now();
  left = Math.min(AT_ONCE, left + ((now - counted) / 1000) * PER_SECOND);
  counted = now;
  if (left < 1) return false;
  left--;
  return true;
}
