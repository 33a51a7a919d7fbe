import { Exchange } from './exchange.mjs';
import { FanOut } from './fan-out.mjs';
import { OpenModel } from './open-model.mjs';
import { Reception } from './reception.mjs';

/**
 * What is done over connections that are open; the worker of a peer may do it as well as its main
 * thread.
 *
 * @typedef {object} Run
 * @property {(connections: Iterable) => void} begin
 * @property {(connection, data: ArrayBuffer | Uint8Array) => void} received
 * @property {Promise<RunResult>} finished
 *
 * @typedef {object} RunResult
 * @property {import('./usage.mjs').Usage} start
 * @property {import('./usage.mjs').Usage} end
 * @property {number} messages
 * @property {number} wrong
 * @property {string} [latency]  see Latency
 * @property {number} [achieved]  messages per second
 */

const kinds = {
  ...{ echo: Exchange, receive: Reception, send: FanOut },
  ...{ latency: OpenModel, paced: OpenModel },
};

export const runModes = Object.keys(kinds);

/**
 * @param {import('./workload.mjs').Workload} workload
 * @param {(connection) => number} [unsent]  for `send`, where connections have no bufferedAmount
 * @returns {Run}
 */
export function makeRun(workload, unsent) {
  return new kinds[workload.mode](workload, unsent);
}

/** The work of one of `threads` that do the same: plain values, which another thread can be sent. */
export function shareOf({
  mode,
  size,
  payload,
  inflight,
  warmup,
  messages,
  rate,
  threads,
  serverPid,
}) {
  return {
    ...{ mode, size, payload, inflight, serverPid },
    warmup: Math.ceil(warmup / threads),
    messages: Math.ceil(messages / threads),
    rate: rate / threads,
  };
}
