import { urlFor } from './addresses.mjs';
import { memoryFields, settledMemory } from './memory.mjs';
import { outcomeOf } from './run-outcome.mjs';
import { makeRun } from './runs.mjs';
import { readUsage } from './usage.mjs';
import { Visits } from './visits.mjs';

/**
 * Runs any workload with a client whose connections tell what happens by calling
 * back on the main thread. A connection is whatever the peer likes, as long as it
 * has `send(data)`.
 *
 * @typedef {object} Client
 * @property {(events: Events, url: string) => void} open  begins to open one connection
 * @property {(connection) => void} close  begins the closing handshake with code 1000
 * @property {() => void} collectGarbage
 * @property {(connection) => number} [unsent]  bytes that the kernel has not taken yet, where a
 *   connection has no `bufferedAmount`
 *
 * @typedef {object} Events
 * @property {(connection) => void} opened
 * @property {(connection, data: ArrayBuffer | Uint8Array) => void} message
 * @property {(connection, code: number) => void} closed  once it was open
 * @property {(reason: string) => void} failed  instead of opened
 */

const modes = { connect, close, idle, echo: run, burst, receive: run, send: run, latency: run };

/**
 * @param {Client} client
 * @param {import('./workload.mjs').Workload} workload
 * @returns {Promise<import('./result.mjs').Outcome>}
 */
export function runClient(client, workload) {
  return new Promise((resolve, reject) => {
    const events = {
      message() {
        reject(new Error('a message came that nobody asked for'));
      },
      closed(_connection, code) {
        reject(new Error(`a connection was closed by the other end with ${code}`));
      },
    };
    modes[workload.mode](client, workload, events).then(resolve, reject);
  });
}

/** What opening them costs. Those of the warm-up stay open, so that both phases only open. */
async function connect(client, workload, events) {
  const { connections, warmup, serverPid } = workload;
  await openConnections(client, warmup, workload, events);
  const start = readUsage(serverPid);
  const { open, failures } = await openConnections(client, connections, workload, events);
  const end = readUsage(serverPid);
  return { ...outcome(open, connections, failures), messages: 0, units: open.length, start, end };
}

/** What closing them costs, by the handshake and all at once. Those of the warm-up are closed before. */
async function close(client, workload, events) {
  const { connections, warmup, serverPid } = workload;
  let left = 0;
  let allClosed;
  const closed = (connection, code) => {
    if (left === 0 || code !== 1000) events.closed(connection, code);
    else if (--left === 0) allClosed?.();
  };
  const closeAll = (open) =>
    new Promise((resolve) => {
      left = open.length;
      allClosed = resolve;
      for (const connection of open) client.close(connection);
    });
  const openMany = (count) => openConnections(client, count, workload, { ...events, closed });

  await closeAll((await openMany(warmup)).open);
  const { open, failures } = await openMany(connections);
  const start = readUsage(serverPid);
  await closeAll(open);
  const end = readUsage(serverPid);
  return { ...outcome(open, connections, failures), messages: 0, units: open.length, start, end };
}

/** What keeping them takes: the growth from the warm-up's connections to all of them. */
async function idle(client, workload, events) {
  const { connections, warmup, serverPid } = workload;
  await openConnections(client, warmup, workload, events);
  const before = await settledMemory(client.collectGarbage);
  const start = readUsage(serverPid);
  const { open, failures } = await openConnections(client, connections, workload, events);
  const end = readUsage(serverPid);
  const memory = memoryFields(before, await settledMemory(client.collectGarbage));
  const counts = outcome(open, connections, failures);
  return { ...counts, messages: 0, units: open.length, start, end, ...memory };
}

/** What messages cost over connections that are open: there, back, or both. */
async function run(client, workload, events) {
  const { connections } = workload;
  const work = makeRun(workload, client.unsent);
  const message = (connection, data) => work.received(connection, data);
  const { open, failures } = await openConnections(client, connections, workload, {
    ...events,
    message,
  });
  if (open.length < connections) throw new Error(`could not open all: ${failures}`);
  work.begin(open);
  const result = await work.finished;
  return { ...outcome(open, connections, failures), ...outcomeOf([result]) };
}

/** All asked for at once; each sends one message, gets it back, and closes. */
async function burst(client, { urls, connections, size, serverPid }) {
  const visits = new Visits(size, client.close);
  const start = readUsage(serverPid);
  let opened = 0;
  let refused = 0;

  await new Promise((resolve) => {
    const isOver = () => refused + visits.tally().ended === connections;
    const events = {
      opened(connection) {
        opened++;
        visits.opened(connection);
      },
      message: (connection, data) => visits.message(connection, data),
      closed(connection, code) {
        visits.closed(connection, code);
        if (isOver()) resolve();
      },
      failed(reason) {
        refused++;
        visits.failed(reason);
        if (isOver()) resolve();
      },
    };
    for (let count = 0; count < connections; count++) client.open(events, urlFor(urls, count));
  });

  const end = readUsage(serverPid);
  const { answered: messages, good, failures } = visits.tally();
  return { opened, failed: connections - good, failures, messages, units: connections, start, end };
}

/** Opens `count` connections, at most `handshakes` of them being opened at any time. */
function openConnections(client, count, { urls, handshakes }, events) {
  const open = [];
  const failures = [];
  let asked = 0;

  return new Promise((resolve) => {
    const proceed = () => {
      const settled = open.length + failures.length;
      if (settled === count) resolve({ open, failures });
      while (asked < count && asked - settled < handshakes) {
        client.open(tracked, urlFor(urls, asked++));
      }
    };
    const tracked = {
      ...events,
      opened(connection) {
        open.push(connection);
        proceed();
      },
      failed(reason) {
        failures.push(reason);
        proceed();
      },
    };
    proceed();
  });
}

function outcome(open, wanted, failures) {
  return { opened: open.length, failed: wanted - open.length, failures: [...new Set(failures)] };
}
