// One ring watches many connections for half-open and error states while their workers serve them:
//
//   node examples/uring-watch.mjs            10,000 connections, and as many descriptors
//   node examples/uring-watch.mjs 500
//
// Each connection has a shared lease and one multishot poll. The server ends some and resets
// others; the ring finds them all, and the rest is served as usual.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createPool, POLL, Ring } from 'lws-pool';

/** Echoes; ends its side after "end", resets after "reset". In a process of its own. */
function serve() {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      if (String(data) === 'end') socket.end();
      else if (String(data) === 'reset') socket.resetAndDestroy();
      else socket.write(data);
    });
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
    process.send?.(server.address());
  });
  process.once('disconnect', () => process.exit());
}

/** @param {number} events */
function namesOf(events) {
  const names = /** @type {(keyof typeof POLL)[]} */ (Object.keys(POLL));
  return names.filter((name) => (events & POLL[name]) !== 0).join('|');
}

/** @param {number} count */
async function watch(count) {
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  const [{ port }] = await once(server, 'message');
  const pool = await createPool();
  const connections = await Promise.all(
    Array.from({ length: count }, () => pool.connect(`tcp://127.0.0.1:${port}`)),
  );
  const ring = new Ring({ entries: 4096, registered: count });
  const leases = await pool.leaseAll(connections, 'shared');

  /** @type {Map<string, number>} */
  const found = new Map();
  const started = performance.now();
  const watching = leases.map(async (lease) => {
    try {
      for await (const events of ring.poll(lease, POLL.RDHUP, { multishot: true })) {
        const names = namesOf(events);
        found.set(names, (found.get(names) ?? 0) + 1);
        break;
      }
    } catch (error) {
      // The lease is over: after a reset the connection may end before this operation is submitted.
      const { code } = /** @type {{ code: string }} */ (error);
      if (code !== 'ERR_LEASE_REVOKED' && code !== 'ERR_LEASE_RELEASED') throw error;
    }
  });
  console.log(`${ring.inFlight} connections are watched`);
  console.log(`all polls took ${(performance.now() - started).toFixed(0)} ms to start`);

  // A tenth ends, a tenth is reset, and the rest is served.
  const tenth = Math.ceil(count / 10);
  for (const connection of connections.slice(0, tenth)) connection.send('end');
  for (const connection of connections.slice(tenth, 2 * tenth)) connection.send('reset');
  await Promise.all(watching.slice(0, 2 * tenth));
  const answers = connections.slice(2 * tenth).map((connection) => once(connection, 'data'));
  for (const connection of connections.slice(2 * tenth)) connection.send('hello');
  await Promise.all(answers);
  console.log(`found: ${[...found].map(([names, times]) => `${times} ${names}`).join(', ')}`);
  console.log(`${answers.length} others have answered, ${ring.inFlight} are still watched`);

  for (const lease of leases) lease.release();
  await Promise.all(watching);
  await ring.close();
  await pool.destroy();
  server.disconnect();
}

if (process.argv[2] === 'serve') serve();
else await watch(Number(process.argv[2] ?? 10_000));
