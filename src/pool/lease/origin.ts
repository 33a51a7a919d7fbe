/** Where a lease was taken; without a stack where too many were taken at once to look. */
export interface Origin {
  readonly stack?: string;
}

/**
 * A stack takes longer than the lease itself. So many are looked at in one turn of the event loop:
 * enough for whoever takes a few, and no burden on whoever takes thousands.
 */
const PER_TURN = 16;
/** The innermost callers say where; each further one costs. */
const FRAMES = 4;

const UNKNOWN: Origin = Object.freeze({});
let looked = 0;

/**
 * The callers of that function.
 *
 * @param always looks, and further, whatever it costs
 */
export function originOf(above: (...given: never[]) => unknown, always = false): Origin {
  if (!always) {
    if (looked === PER_TURN) return UNKNOWN;
    looked++;
    if (looked === 1) setImmediate(forget).unref();
  }
  const origin: Origin = {};
  const limit = Error.stackTraceLimit;
  if (!always) Error.stackTraceLimit = Math.min(limit, FRAMES);
  Error.captureStackTrace(origin, above);
  if (!always) Error.stackTraceLimit = limit;
  return origin;
}

function forget(): void {
  looked = 0;
}
