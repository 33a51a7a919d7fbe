/** lws-pool counting messages in native code: its handler has no `message`. */
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';
import { runGroup } from './lws-pool-group.mjs';
import { openPool, versions } from './lws-pool-setup.mjs';

const handler = new URL('./lws-pool-native-handler.mjs', import.meta.url);

const workload = readWorkload();
await report({ peer: 'lws-pool', versions }, workload, async () =>
  runGroup(await openPool(workload), workload, handler),
);
