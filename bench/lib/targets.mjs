import { metrics } from './metrics.mjs';

/**
 * What the measured library has to reach: a number in the row's unit, or a
 * multiple of another peer's median.
 *
 * @typedef {object} Target
 * @property {number} [atMost]  one of the two
 * @property {number} [atLeast]
 * @property {string} [of]  a peer
 */

/** The peer that the targets are for. */
export const subject = 'lws-pool';

/**
 * The subject's median divided by each other peer's.
 *
 * @param {Record<string, { median?: number }>} results
 * @returns {Record<string, number>}
 */
export function ratiosOf(results) {
  const own = results[subject]?.median;
  if (own === undefined) return {};
  const others = Object.entries(results).filter(
    ([peer, { median }]) => peer !== subject && median > 0,
  );
  return Object.fromEntries(others.map(([peer, { median }]) => [peer, own / median]));
}

/**
 * @param {Target | undefined} target
 * @param {Record<string, { median?: number }>} results
 * @returns {{ limit: number | null, met: boolean | null }}  null: something it needs was not measured, or there is none
 */
export function judge(target, results) {
  const base = target?.of === undefined ? 1 : results[target.of]?.median;
  if (target === undefined || base === undefined) return { limit: null, met: null };
  const own = results[subject]?.median;
  const limit = (target.atMost ?? target.atLeast) * base;
  if (own === undefined) return { limit, met: null };
  return { limit, met: target.atMost === undefined ? own >= limit : own <= limit };
}

/**
 * @param {Target | undefined} target
 * @param {string} metric
 */
export function describeTarget(target, metric) {
  if (target === undefined) return '-';
  if (target.of === undefined) {
    const bound = target.atMost === undefined ? 'at least' : 'at most';
    const number = (target.atMost ?? target.atLeast).toLocaleString('en-US');
    return `${bound} ${number} ${metrics[metric].unit}`.trim();
  }
  const part = target.atMost < 0.5 ? `1/${Math.round(1 / target.atMost)}` : String(target.atMost);
  return target.atMost === 1 ? `no more than ${target.of}` : `${part} of ${target.of}`;
}
