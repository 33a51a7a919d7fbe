// A worker that hangs for as long as a program wants it.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { handler, urls } from './child.mjs';

/** Where everything goes that can: to the first worker that takes connections. */
/** @param {readonly import('lws-pool').PlacementWorker[]} workers */
export const first = (workers) => workers.find(({ alive }) => alive)?.index ?? -1;

/**
 * Has worker 0 loop in a handler.
 *
 * @param {import('lws-pool').Pool} pool
 */
export async function hold(pool) {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const group = await pool.connectMany(`${urls.plain}/echo`, {
    count: 1,
    handler: handler('held'),
  });
  await group.ready;
  return {
    group,
    /** Resolves once it loops. */
    begin: () =>
      new Promise((resolve) => {
        group.once('post', resolve);
        group.post({ state, worker: 0 });
      }),
    goOn: () => Atomics.store(state, 0, 1),
    die: () => Atomics.store(state, 0, 2),
  };
}

/** Resolves once a pool passes a worker over. @param {import('lws-pool').Pool} pool */
export function untilPassedOver(pool) {
  return new Promise((resolve) => {
    const name = 'lws-pool:worker:unresponsive';
    /** @param {any} message */
    const told = (message) => {
      if (message.pool !== pool) return;
      unsubscribe(name, told);
      resolve(message.worker);
    };
    subscribe(name, told);
  });
}
