import { metrics } from './metrics.mjs';
import { summarize } from './statistics.mjs';
import { allMet, judge, ratiosOf } from './targets.mjs';

/** From this share of a core on, the server may be what sets the pace. */
const serverBoundFrom = 0.9;

/**
 * A row of the report: what was measured, without a verdict.
 *
 * @param {string} scope
 * @param {import('../scopes/index.mjs').Row} row
 * @param {{ name: string }[]} peers  that were asked for, whether or not they can do it
 * @param {Awaited<ReturnType<typeof import('./rounds.mjs').runRounds>>} measured
 * @param {boolean} quick
 */
export function describeRow(scope, row, peers, measured, quick) {
  const { unit, meaning, better, paced = false, read } = metrics[row.metric];
  const results = {};
  for (const [peer, { results: rounds, error }] of measured) {
    // A peer may do the same work and have nothing of this kind to count.
    if (error) results[peer] = { error };
    else if (rounds.every((round) => Number.isFinite(read(round)))) {
      results[peer] = { ...describeRounds(rounds, read, paced), rounds };
    }
  }
  return {
    id: row.id,
    scope,
    title: row.title,
    peers: peers.map(({ name }) => name),
    workload: {
      ...(quick ? row.quick : row.workload),
      ...{ tls: row.tls ?? false, driver: row.driver, unpinned: row.unpinned ?? false },
    },
    metric: row.metric,
    ...{ unit, meaning, better, results },
    ratios: ratiosOf(results),
    targets: row.targets ?? [],
  };
}

/** Targets may speak of other rows, so they are judged when all rows are there. */
export function judgeRows(rows) {
  const rowOf = (id) => rows.find((row) => row.id === id);
  for (const row of rows) {
    row.targets = row.targets.map((target) => judge(target, row, rowOf));
    row.met = allMet(row.targets);
  }
}

function describeRounds(rounds, read, paced) {
  const share = (micros) =>
    summarize(rounds.map((round) => micros(round) / 1e6 / round.seconds)).median;
  const clientShare = share(({ cpuMicros }) => cpuMicros.user + cpuMicros.system);
  const serverShare = share(({ serverCpuMicros }) => serverCpuMicros);
  return {
    ...summarize(rounds.map(read)),
    clientShare,
    serverShare,
    serverBound: paced && serverShare >= serverBoundFrom && serverShare > clientShare,
  };
}
