import { peers as allPeers } from '../peers/index.mjs';
import { rowsOf, scopes } from '../scopes/index.mjs';
import { choosePinning } from './cores.mjs';
import { describeInstallation, describeMachine } from './machine.mjs';
import { schema } from './page.mjs';
import { startProgress } from './progress.mjs';
import { runRounds } from './rounds.mjs';
import { describeRow, judgeRows } from './rows.mjs';
import { chooseServer } from './server.mjs';
import { SharedMeasurements } from './shared-measurements.mjs';
import { subject } from './targets.mjs';

/**
 * @param {import('./options.mjs').Options} options
 */
export async function runBenchmark(options) {
  const startedAt = new Date();
  const machine = describeMachine();
  const versions = describeInstallation();
  const { cores, why } = choosePinning();
  const settings = { server: chooseServer(options.server), quick: options.quick, cores };
  const chosen = rowsOf(options.scopes, options.rows);
  const peers = choosePeers(chosen, options.peers);

  const progress = startProgress(chosen.length);
  const measurements = new SharedMeasurements();
  const rows = [];
  for (const { scope: scopeName, row } of chosen) {
    const scope = scopes[scopeName];
    const rounds = { runs: scope.rounds ?? options.runs, warmupRound: scope.rounds === undefined };
    const named = peers.filter(({ name }) => (row.peers ?? scope.peers).includes(name));
    const able = named.filter((peer) => peer.reason === null && isAble(peer, row));
    progress.next();
    const measured = await measurements.of(row, () =>
      runRounds(row, able, rounds, { ...settings, progress: progress.show }),
    );
    for (const { results } of measured.values()) addVersions(versions, results[0]?.versions);
    rows.push(describeRow(scopeName, row, named, measured, options.quick));
  }
  progress.end();
  judgeRows(rows);

  const failed = rows.some(
    (row) => row.results[subject]?.error || (row.metric === 'failures' && row.met === false),
  );
  const { scopes: names, rows: only, runs } = options;
  return {
    schema,
    ok: !failed,
    command: options.command,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    machine,
    versions,
    settings: { scopes: names, only, runs, ...settings, unpinned: why },
    peers: peers.map(({ name, reason }) => ({ name, available: reason === null, reason })),
    scopes: Object.entries(scopes)
      .filter(([name]) => rows.some((row) => row.scope === name))
      .map(([name, { title, units }]) => ({ name, title, units })),
    rows,
  };
}

/** What is known already stays: a C library may name itself a little differently. */
function addVersions(versions, others = {}) {
  for (const [name, version] of Object.entries(others)) versions[name] ??= version;
}

/** Those that a row is for, each with the reason why it cannot run here, or null. */
function choosePeers(chosen, names) {
  const wanted = new Set(chosen.flatMap(({ scope, row }) => row.peers ?? scopes[scope].peers));
  return allPeers
    .filter(({ name }) => wanted.has(name) && names.includes(name))
    .map((peer) => ({ ...peer, reason: peer.missing() }));
}

/** A peer that cannot do this kind of work is left out, which is no failure. */
function isAble(peer, { workload, tls = false, driver }) {
  return peer.supports({ mode: workload.mode, tls, driver });
}
