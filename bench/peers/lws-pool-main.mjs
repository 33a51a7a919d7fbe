/** lws-pool driven from the main thread: its connections cross from the worker and back. */
import { runClient } from './contract/client.mjs';
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';
import { openPool, versions } from './lws-pool-setup.mjs';

const workload = readWorkload();

await report({ peer: 'lws-pool', versions }, workload, async () => {
  const pool = await openPool(workload);
  /** @type {import('./contract/client.mjs').Client} */
  const client = {
    open(events, url) {
      pool.connect(url).then(
        (connection) => {
          connection.on('message', (data) => events.message(connection, data));
          connection.on('close', (code) => events.closed(connection, code));
          connection.on('error', (error) => console.error(error));
          events.opened(connection);
        },
        (error) => events.failed(`${error.code}: ${error.message}`),
      );
    },
    close: (connection) => connection.close(1000),
    collectGarbage: () => globalThis.gc(),
  };
  return runClient(client, workload);
});
