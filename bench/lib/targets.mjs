import { metrics } from './metrics.mjs';

/**
 * What the measured library has to reach: a number in the row's unit, a multiple of another peer's
 * median in the same row, or a multiple of its own median in another row.
 *
 * @typedef {object} Target
 * @property {number} [atMost]  one of the two
 * @property {number} [atLeast]
 * @property {string} [of]  a peer, or `best`: whichever other library does best
 * @property {string} [row]  the id of another row
 *
 * @typedef {Target & { text: string, limit: number | null, met: boolean | null, against?: string }} Verdict
 *   null: something it needs was not measured; against: who was the best
 *
 * @typedef {Record<string, { median?: number }>} Results  by peer
 */

/** The peer that the targets are for. */
export const subject = 'lws-pool';

/** What a bare socket costs: it parses no frames, so it is a limit and no competitor. */
export const bareSocket = 'epoll';

/**
 * The subject's median divided by each other peer's.
 *
 * @param {Results} results
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
 * @param {{ metric: string, results: Results }} row
 * @returns {[string, number] | undefined}  the library that does best but for the subject
 */
export function bestOther({ metric, results }) {
  const sign = metrics[metric].better === 'more' ? -1 : 1;
  const others = Object.entries(results)
    .filter(([peer, { median }]) => ![subject, bareSocket].includes(peer) && median !== undefined)
    .map(([peer, { median }]) => [peer, median]);
  return others.sort(([, a], [, b]) => sign * (a - b))[0];
}

/**
 * @param {Target} target
 * @param {{ metric: string, results: Results }} row
 * @param {(id: string) => { results: Results } | undefined} rowOf  finds another row
 * @returns {Verdict}
 */
export function judge(target, row, rowOf = () => undefined) {
  const [against, base] = baseOf(target, row, rowOf);
  const verdict = {
    ...target,
    text: describeTarget(target, row.metric),
    ...(against && { against }),
  };
  if (base === undefined) return { ...verdict, limit: null, met: null };
  const limit = (target.atMost ?? target.atLeast) * base;
  const own = row.results[subject]?.median;
  if (own === undefined) return { ...verdict, limit, met: null };
  return { ...verdict, limit, met: target.atMost === undefined ? own >= limit : own <= limit };
}

/** What the target is a multiple of. */
function baseOf({ of, row: otherRow }, row, rowOf) {
  if (otherRow !== undefined) return [undefined, rowOf(otherRow)?.results[subject]?.median];
  if (of === 'best') return bestOther(row) ?? [];
  return [undefined, of === undefined ? 1 : row.results[of]?.median];
}

/**
 * All targets of a row together: one that was missed decides, and so does one that could not be
 * judged if none was missed.
 *
 * @param {Verdict[]} verdicts
 * @returns {boolean | null}
 */
export function allMet(verdicts) {
  if (verdicts.some(({ met }) => met === false)) return false;
  return verdicts.length > 0 && verdicts.every(({ met }) => met) ? true : null;
}

/**
 * @param {Target} target
 * @param {string} metric
 */
export function describeTarget({ atMost, atLeast, of, row }, metric) {
  const factor = atMost ?? atLeast;
  if (of === undefined && row === undefined) {
    const bound = atMost === undefined ? 'at least' : 'at most';
    return `${bound} ${factor.toLocaleString('en-US')} ${metrics[metric].unit}`.trim();
  }
  const base = row ?? (of === 'best' ? 'the best other' : of);
  if (factor === 1) return `no ${atMost === undefined ? 'less' : 'more'} than ${base}`;
  const part = factor < 0.5 ? `1/${Math.round(1 / factor)}` : String(factor);
  return `${atMost === undefined ? 'at least ' : ''}${part} of ${base}`;
}
