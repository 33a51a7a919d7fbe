import { peers } from '../../peers/index.mjs';
import { choosePinning } from '../cores.mjs';
import { describeInstallation, describeMachine } from '../machine.mjs';
import { metrics } from '../metrics.mjs';
import { startProgress } from '../progress.mjs';
import { runRounds } from '../rounds.mjs';
import { chooseServer } from '../server.mjs';
import { SharedMeasurements } from '../shared-measurements.mjs';
import { subject } from '../targets.mjs';
import { decide } from './decision.mjs';

/**
 * Measures both builds in turns, with the clients and the server of the working tree.
 *
 * @param {ReturnType<typeof import('./options.mjs').readOptions>} options
 * @param {string} dist  of the older build
 */
export async function compare({ rows, runs, effect, quick, server }, dist) {
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const { cores, why } = choosePinning();
  const settings = { server: chooseServer(server), quick, cores };
  const own = peers.find(({ name }) => name === subject);
  const builds = [
    { ...own, name: 'base', environment: { ...own.environment, LWS_POOL_DIST: dist } },
    { ...own, name: 'now' },
  ];
  const progress = startProgress(rows.length);
  const measurements = new SharedMeasurements();
  const compared = [];
  for (const row of rows) {
    progress.next();
    const measured = await measurements.of(row, () =>
      runRounds(row, builds, { runs, warmupRound: true }, { ...settings, progress: progress.show }),
    );
    compared.push(describe(row, measured, effect));
  }
  progress.end();
  const versions = describeInstallation();
  return {
    ...{ startedAt, machine, versions, settings: { ...settings, runs, effect, unpinned: why } },
    rows: compared,
  };
}

function describe({ id, title, metric }, measured, effect) {
  const { unit, better, read } = metrics[metric];
  const values = (name) => {
    const { results, error } = measured.get(name);
    const figures = results.map(read);
    return error || !figures.every(Number.isFinite) ? undefined : figures;
  };
  const rounds = { base: values('base'), now: values('now') };
  const errors = [...measured].flatMap(([name, { error }]) => (error ? [[name, error]] : []));
  return {
    ...{ id, title, metric, unit, better, rounds, errors: Object.fromEntries(errors) },
    ...decide(rounds, { better, effect }),
  };
}
