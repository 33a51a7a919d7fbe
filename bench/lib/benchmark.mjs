import { peers as allPeers } from '../peers/index.mjs';
import { scopes } from '../scopes/index.mjs';
import { choosePinning } from './cores.mjs';
import { describeInstallation, describeMachine } from './machine.mjs';
import { metrics } from './metrics.mjs';
import { startProgress } from './progress.mjs';
import { runRounds } from './rounds.mjs';
import { chooseServer } from './server.mjs';
import { SharedMeasurements } from './shared-measurements.mjs';
import { summarize } from './statistics.mjs';
import { describeTarget, judge, ratiosOf, subject } from './targets.mjs';

/** From this share of a core on, the server may be what sets the pace. */
const serverBoundFrom = 0.9;

/**
 * @param {import('./options.mjs').Options} options
 */
export async function runBenchmark(options) {
  const startedAt = new Date();
  const machine = describeMachine();
  const versions = describeInstallation();
  const { cores, why } = choosePinning();
  const settings = { server: chooseServer(options.server), quick: options.quick, cores };
  const wanted = new Set(options.scopes.flatMap((name) => scopes[name].peers));
  const peers = allPeers
    .filter(({ name }) => wanted.has(name) && options.peers.includes(name))
    .map((peer) => ({ ...peer, reason: peer.missing() }));
  const available = peers.filter(({ reason }) => reason === null);

  const progress = startProgress();
  const rows = [];
  const measurements = new SharedMeasurements();
  for (const scopeName of options.scopes) {
    const scope = scopes[scopeName];
    const rounds = { runs: scope.rounds ?? options.runs, warmupRound: scope.rounds === undefined };
    for (const row of scope.rows) {
      if (options.rows && !options.rows.includes(row.id)) continue;
      const named = peers.filter(({ name }) => (row.peers ?? scope.peers).includes(name));
      const able = named.filter((peer) => available.includes(peer));
      const measured = await measurements.of(row, () =>
        runRounds(row, able, rounds, { ...settings, progress: progress.show }),
      );
      for (const { results } of measured.values()) Object.assign(versions, results[0]?.versions);
      rows.push(describeRow(scopeName, row, named, measured, options.quick));
    }
  }
  progress.end();

  const failed = rows.some(
    (row) => row.results[subject]?.error || (row.metric === 'failures' && row.met === false),
  );
  return {
    schema: 1,
    ok: !failed,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    machine,
    versions,
    settings: { scopes: options.scopes, runs: options.runs, ...settings, unpinned: why },
    peers: peers.map(({ name, reason }) => ({ name, available: reason === null, reason })),
    rows,
  };
}

function describeRow(scope, row, peers, measured, quick) {
  const { unit, meaning, read } = metrics[row.metric];
  const results = {};
  for (const [peer, { results: rounds, error }] of measured) {
    // A peer may do the same work and have nothing of this kind to count.
    if (error) results[peer] = { error };
    else if (rounds.every((round) => read(round) !== undefined)) {
      results[peer] = { ...describeRounds(rounds, read), rounds };
    }
  }
  return {
    id: row.id,
    scope,
    title: row.title,
    peers: peers.map(({ name }) => name),
    workload: { ...(quick ? row.quick : row.workload), tls: row.tls ?? false, driver: row.driver },
    metric: row.metric,
    unit,
    meaning,
    results,
    ratios: ratiosOf(results),
    target: row.target && { ...row.target, text: describeTarget(row.target, row.metric) },
    ...judge(row.target, results),
  };
}

function describeRounds(rounds, read) {
  const share = (micros) =>
    summarize(rounds.map((round) => micros(round) / 1e6 / round.seconds)).median;
  const clientShare = share(({ cpuMicros }) => cpuMicros.user + cpuMicros.system);
  const serverShare = share(({ serverCpuMicros }) => serverCpuMicros);
  return {
    ...summarize(rounds.map(read)),
    clientShare,
    serverShare,
    serverBound: serverShare >= serverBoundFrom && serverShare > clientShare,
  };
}
