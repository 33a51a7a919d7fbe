/** Connections of lws-pool that are used in its workers. */
import { sharesOf } from './contract/addresses.mjs';
import { outcomeOf } from './contract/run-outcome.mjs';
import { shareOf } from './contract/runs.mjs';

/** Messages in each worker; each does its share. */
export async function runGroup(pool, workload, handler) {
  const { group, counts } = await openGroup(pool, workload, {
    count: workload.connections,
    handler,
    data: { run: shareOf(workload), release: workload.release !== 0 },
  });
  if (counts.failed > 0) throw new Error(`could not open all: ${counts.failures}`);

  const finished = answersOf(group, 'finished', workload.threads);
  group.post('begin');
  const shares = await finished;
  return { ...counts, ...outcomeOf(shares.map(({ result }) => result)) };
}

/** Opens `count` connections with the handler and waits for the last of them. */
export async function openGroup(pool, { url }, { count, handler, data = {}, tls }) {
  const group = await pool.connectMany(url, { count, handler, data, tls });
  return { group, counts: await ready(group, count) };
}

/** Opens `count` connections that nobody sends anything on: a group for each address. */
export async function openIdle(pool, { urls }, { count, handler }) {
  const opening = sharesOf(urls, count).map(([url, share]) =>
    openGroup(pool, { url }, { count: share, handler }),
  );
  const opened = await Promise.all(opening);
  const counts = opened.map((one) => one.counts);
  const total = (field) => counts.reduce((sum, one) => sum + one[field], 0);
  const failures = [...new Set(counts.flatMap((one) => one.failures))];
  const groups = opened.map(({ group }) => group);
  return { groups, opened: total('opened'), failed: total('failed'), failures };
}

/** What became of the connections of a group, once each was opened or has failed. */
export async function ready(group, wanted) {
  await group.ready;
  const failures = [...group.failed].map(([code, { message }]) => `${code}: ${message}`);
  return { opened: group.opened, failed: wanted - group.opened, failures };
}

/** One post of this kind from each worker; none if a connection is lost meanwhile. */
export function answersOf(group, kind, threads) {
  const answers = [];
  return new Promise((resolve, reject) => {
    const take = (value) => {
      if (value.kind === 'lost') reject(new Error(`a connection was lost: ${value.reason}`));
      if (value.kind !== kind) return;
      answers.push(value);
      if (answers.length < threads) return;
      group.off('post', take);
      resolve(answers);
    };
    group.on('post', take);
  });
}
