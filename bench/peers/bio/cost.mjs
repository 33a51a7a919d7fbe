import { measurePairs, quartiles } from '../contract/pairs.mjs';
import { shareOf } from '../contract/runs.mjs';
import { readUsage } from '../contract/usage.mjs';
import { answersOf, openGroup } from '../lws-pool-group.mjs';

const handler = new URL('./handler.mjs', import.meta.url);

/** Messages of a phase before those that count, as a part of them. */
const settling = 1 / 10;

/**
 * Sets of connections, all in one worker, have the same work in turn: one with a BIO on each, two
 * without, one with, and round again. They were opened in that order too, so that neither kind has
 * the better place in memory. CPU time of the worker's thread.
 */
export async function bioCost(pool, workload) {
  const { connections, messages, pairs, warmup, bio, serverPid } = workload;
  const open = (type) => openSet(pool, workload, type);
  const sets = [await open(bio), await open('none'), await open('none'), await open(bio)];
  const work = shareOf({ ...workload, mode: 'echo', warmup: messages * settling });
  const measure = (count) =>
    measurePairs(
      count,
      (index) => phase(sets[index % 2 === 0 ? 0 : 3], work),
      (index) => phase(sets[index % 2 === 0 ? 1 : 2], work),
    );

  await measure(warmup);
  const start = readUsage(serverPid);
  const measured = await measure(pairs);
  const end = readUsage(serverPid);

  const ratio = quartiles(measured.map((pair) => pair.with / pair.without));
  const micros = quartiles(measured.map((pair) => pair.without));
  const units = 2 * pairs * messages;
  return {
    ...{ opened: sets.length * connections, failed: 0, failures: [], messages: units, units },
    ...{ start, end },
    figures: {
      cpuRatio: ratio.median,
      lowerQuartile: ratio.lowerQuartile,
      upperQuartile: ratio.upperQuartile,
      microsWithout: micros.median,
    },
  };
}

/** @param {string} bio  its type, or `none` */
async function openSet(pool, workload, bio) {
  const { group, counts } = await openGroup(pool, workload, {
    count: workload.connections,
    handler,
    ...(bio !== 'none' && { tls: { bio: { type: bio } } }),
  });
  if (counts.failed > 0) throw new Error(`could not open all: ${counts.failures}`);
  const [{ types }] = await tell(group, 'types', 'types');
  if (types.join() !== bio) throw new Error(`${types} is on the connections, and not ${bio}`);
  return group;
}

async function phase(group, work) {
  const [{ micros }] = await tell(group, work, 'phase');
  return micros;
}

function tell(group, what, kind) {
  const answer = answersOf(group, kind, 1);
  group.post(what);
  return answer;
}
