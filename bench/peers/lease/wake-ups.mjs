import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openConnections, workerThread } from './connections.mjs';

const settling = 200;

/**
 * Counts how often the kernel has put the worker thread to sleep: once for each time that it woke
 * up and found its work done. Nobody in the process has to be asked, nor believed.
 */
export async function watchWakeUps(pool, workload) {
  const thread = await workerThread(pool, workload.url);
  const count = () => {
    const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
    return Number(status.match(/^voluntary_ctxt_switches:\s+(\d+)/m)[1]);
  };
  const [connection] = await openConnections(pool, { ...workload, connections: 1 });
  await pause(settling);
  // A message wakes it: whoever counts none then would never count any.
  const before = count();
  connection.send('wake');
  await once(connection, 'message');
  await pause(settling);
  if (count() === before) throw new Error('wake-ups of the worker are not counted here');
  return count;
}
