/** lws-pool counting messages in native code: its handler has no `message`. */
import { once } from 'node:events';
import { report } from './contract/result.mjs';
import { outcomeOf } from './contract/run-outcome.mjs';
import { readWorkload } from './contract/workload.mjs';
import { openPool, versions } from './lws-pool-setup.mjs';

const handler = new URL('./lws-pool-native-handler.mjs', import.meta.url);

const workload = readWorkload();
await report({ peer: 'lws-pool', versions }, workload, async () => {
  const { url, connections: count, size, warmup, messages, serverPid } = workload;
  const pool = await openPool({ ...workload, threads: 1 });
  const data = { size, warmup, messages, serverPid };
  const group = await pool.connectMany(url, { count, handler, data });
  await group.ready;
  const outcome = { opened: group.opened, failed: count - group.opened, failures: [] };
  group.post('begin');
  const [result] = await once(group, 'post');
  if (result.lost) throw new Error(result.lost);
  return { ...outcome, ...outcomeOf([result]) };
});
