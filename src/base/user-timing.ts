import { performance } from 'node:perf_hooks';

/** Measures of ours that stay in the timeline, of each name. */
const KEPT = 1024;

const counts = new Map<string, number>();

/**
 * A measure of User Timing. Observers get every one of them; the timeline, which would grow for
 * ever, is cleared of those of this name now and then.
 *
 * @param start as performance.now() counts, like `end`
 */
export function measure(
  name: string,
  start: number,
  detail: object,
  end = performance.now(),
): void {
  const count = (counts.get(name) ?? 0) + 1;
  if (count > KEPT) performance.clearMeasures(name);
  counts.set(name, count > KEPT ? 1 : count);
  performance.measure(name, { start, end, detail });
}
