import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { makePayload } from '../contract/payload.mjs';

/** What a process has open besides its connections. */
const otherDescriptors = 100;

/**
 * Opens the workload's connections.
 *
 * @param {(index: number) => object} [optionsOf]  of `pool.connect()`
 */
export async function openConnections(pool, { url, connections: count }, optionsOf) {
  const limit = descriptorLimit();
  if (count + otherDescriptors > limit) {
    throw new Error(`${count} connections need more descriptors than ${limit} (ulimit -n)`);
  }
  const opening = Array.from({ length: count }, (_, index) =>
    pool.connect(url, optionsOf?.(index)),
  );
  return Promise.all(opening);
}

/**
 * Opens them and has each send messages back and forth without end, `inflight` of them on their
 * way: in a handler, or through the main thread. `answers` counts them, for each connection.
 */
export async function openTraffic(pool, workload) {
  const { size, inflight, traffic, connections: count } = workload;
  const answers = new Uint32Array(new SharedArrayBuffer(count * 4));
  if (traffic === 'handler') {
    const handler = new URL('./traffic-handler.mjs', import.meta.url);
    const connections = await openConnections(pool, workload, (index) => ({
      handler,
      data: { answers, index, size, inflight },
    }));
    return { connections, answers };
  }
  const payload = makePayload(size);
  const connections = await openConnections(pool, workload);
  for (const [index, connection] of connections.entries()) {
    connection.on('message', () => {
      answers[index]++;
      connection.send(payload);
    });
    for (let sent = 0; sent < inflight; sent++) connection.send(payload);
  }
  return { connections, answers };
}

/** The kernel's number of the pool's one worker thread. */
export async function workerThread(pool, url) {
  const handler = new URL('./thread-handler.mjs', import.meta.url);
  const group = await pool.connectMany(url, { count: 1, handler });
  const [thread] = await once(group, 'post');
  return thread;
}

function descriptorLimit() {
  const [, soft] = readFileSync('/proc/self/limits', 'utf8').match(/^Max open files\s+(\S+)/m);
  return soft === 'unlimited' ? Infinity : Number(soft);
}
