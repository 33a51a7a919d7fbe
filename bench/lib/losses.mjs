import { bareSocket, subject } from './targets.mjs';

/** Less than this much is not worth a line: no machine repeats itself more exactly. */
const worthSaying = 0.03;

/**
 * Where other libraries did better, worst first, each row once. The bare socket is no library:
 * falling short of it is a loss where a target says so.
 *
 * @typedef {object} Loss
 * @property {object} row
 * @property {Lead[]} leads  the best first
 *
 * @typedef {object} Lead
 * @property {string} peer
 * @property {number} factor  how many times as good it is
 * @property {boolean} isClear  their slowest and fastest rounds do not overlap
 *
 * @param {object[]} rows
 * @returns {Loss[]}
 */
export function lossesIn(rows) {
  return rows
    .map((row) => ({ row, leads: leadsIn(row) }))
    .filter(({ leads }) => leads.length > 0)
    .sort((a, b) => b.leads[0].factor - a.leads[0].factor);
}

function leadsIn({ better, results, ratios }) {
  const own = results[subject];
  return Object.entries(ratios)
    .filter(([peer]) => peer !== bareSocket)
    .map(([peer, ratio]) => ({ peer, factor: better === 'more' ? 1 / ratio : ratio }))
    .filter(({ factor }) => factor > 1 + worthSaying)
    .map(({ peer, factor }) => {
      const other = results[peer];
      const isClear = better === 'more' ? own.max < other.min : own.min > other.max;
      return { peer, factor, isClear };
    })
    .sort((a, b) => b.factor - a.factor);
}

/** Every target that was missed, with its row. */
export function missesIn(rows) {
  return rows.flatMap((row) =>
    row.targets.filter(({ met }) => met === false).map((target) => ({ row, target })),
  );
}
