import { max, median, min, permutationTest } from 'simple-statistics';

/**
 * @typedef {object} Summary
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number[]} values  one per round, in order
 */

/**
 * @param {number[]} values  at least one
 * @returns {Summary}
 */
export function summarize(values) {
  return { median: median(values), min: min(values), max: max(values), values };
}

/**
 * How likely two samples are to differ as much as these if nothing but chance told them apart: a
 * permutation test of their ranks, which is the test of Mann and Whitney. Ranks, because one round
 * that something else on the machine disturbed says nothing about how far off it may be.
 *
 * @param {number[]} left
 * @param {number[]} right
 */
export function chanceOfDifference(left, right) {
  const sorted = [...left, ...right].sort((a, b) => a - b);
  // Equal values share the mean of their ranks.
  const rank = (value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2;
  return permutationTest(left.map(rank), right.map(rank), 'two_side', 20_000, repeatable());
}

/** The same numbers in every run (mulberry32), so that one report has one verdict. */
function repeatable(seed = 1) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
