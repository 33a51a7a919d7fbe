import { chanceOfDifference, summarize } from '../statistics.mjs';

/** A difference that chance alone makes more often than this is none. */
export const mostChance = 0.01;

/**
 * @typedef {object} Decision
 * @property {number | null} base  medians; null: it could not be measured
 * @property {number | null} now
 * @property {number | null} change  a share of base: -0.1 is a tenth less
 * @property {number | null} chance  how likely so much of a difference is if there is none
 * @property {'worse' | 'better' | 'same' | 'failed' | 'unknown'} verdict
 *
 * Worse, or better, only if it is hardly chance and also more than `effect`: with enough rounds the
 * smallest difference is significant, and still of no interest.
 *
 * @param {{ base?: number[], now?: number[] }} rounds  none: the measurement failed
 * @param {{ better: 'less' | 'more', effect: number }} settings
 * @returns {Decision}
 */
export function decide({ base, now }, { better, effect }) {
  const medianOf = (values) => (values?.length > 0 ? summarize(values).median : null);
  const [before, after] = [medianOf(base), medianOf(now)];
  const medians = { base: before, now: after };
  if (before === null || after === null) {
    const isNew = before === null;
    return { ...medians, change: null, chance: null, verdict: isNew ? 'unknown' : 'failed' };
  }
  const change = changeOf(before, after);
  const chance = chanceOfDifference(base, now);
  const matters = chance <= mostChance && Math.abs(change) >= effect;
  const grew = change > 0 ? 'more' : 'less';
  const direction = grew === better ? 'better' : 'worse';
  return { ...medians, change, chance, verdict: matters ? direction : 'same' };
}

function changeOf(before, after) {
  if (before === after) return 0;
  return before === 0 ? Math.sign(after) * Number.POSITIVE_INFINITY : after / before - 1;
}

/** Exit status of a comparison. @param {Decision[]} decisions */
export function statusOf(decisions) {
  return decisions.some(({ verdict }) => verdict === 'worse' || verdict === 'failed') ? 1 : 0;
}
