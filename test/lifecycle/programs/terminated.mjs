// Threads that are terminated while they load the addon.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import 'lws-pool';
import { print } from '../support/child.mjs';

const addon = fileURLToPath(
  new URL('../build/Release/lws_pool.node', import.meta.resolve('lws-pool')),
);
const [LOADING, LOADED] = [1, 2];
const thread = `
  const { workerData } = require('node:worker_threads');
  const state = new Int32Array(workerData.state);
  Atomics.store(state, 0, ${LOADING});
  Atomics.notify(state, 0);
  process.dlopen({ exports: {} }, workerData.addon);
  Atomics.store(state, 0, ${LOADED});
`;

let terminated = 0;
for (let i = 0; i < 100; i++) {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(thread, { eval: true, workerData: { state: state.buffer, addon } });
  await new Promise((resolve) => worker.once('online', resolve));
  // Blocking: the event loop would come too late.
  while (Atomics.load(state, 0) === 0) Atomics.wait(state, 0, 0);
  const ended = worker.terminate();
  if (Atomics.load(state, 0) === LOADING) terminated++;
  await ended;
}
print(terminated > 0);
