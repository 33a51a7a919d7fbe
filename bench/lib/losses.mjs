import { bareSocket, subject } from './targets.mjs';

/** Less than this much is not worth a line: no machine repeats itself more exactly. */
const worthSaying = 0.03;

/**
 * Where another library did better, worst first. The bare socket is no library: falling short of it
 * is a loss where a target says so.
 *
 * @typedef {object} Loss
 * @property {object} row
 * @property {string} peer
 * @property {number} factor  how many times as good the peer is
 * @property {boolean} isClear  their slowest and fastest rounds do not overlap
 *
 * @param {object[]} rows
 * @returns {Loss[]}
 */
export function lossesIn(rows) {
  const losses = rows.flatMap((row) =>
    Object.entries(row.ratios)
      .filter(([peer]) => peer !== bareSocket)
      .map(([peer, ratio]) => ({ peer, factor: row.better === 'more' ? 1 / ratio : ratio }))
      .filter(({ factor }) => factor > 1 + worthSaying)
      .map(({ peer, factor }) => {
        const [own, other] = [row.results[subject], row.results[peer]];
        const isClear = row.better === 'more' ? own.max < other.min : own.min > other.max;
        return { row, peer, factor, isClear };
      }),
  );
  return losses.sort((a, b) => b.factor - a.factor);
}

/** Every target that was missed, with its row. */
export function missesIn(rows) {
  return rows.flatMap((row) =>
    row.targets.filter(({ met }) => met === false).map((target) => ({ row, target })),
  );
}
