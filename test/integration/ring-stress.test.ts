// Nothing that a ring has in flight outlives its lease. LWSPOOL_TEST_ROUNDS: how long it looks.
import type net from 'node:net';
import { createPool } from 'lws-pool';
import { expect, it } from 'vitest';
import { event } from '../fixtures/pool.js';
import { newSeed, randomFrom } from '../fixtures/random.js';
import { Connections, ringStress } from '../fixtures/ring-stress.mjs';
import { tcpServer } from '../fixtures/servers.js';

const ROUNDS = Number(process.env.LWSPOOL_TEST_ROUNDS || 320);
const CONNECTIONS = 12;
const seed = newSeed();

/** Peers that send some of what they get back, and now and then end, or reset. */
function moodyServer(random: () => number): Promise<number> {
  const take = (socket: net.Socket) => {
    socket.on('data', (data) => {
      const mood = random();
      if (mood < 0.02) socket.resetAndDestroy();
      else if (mood < 0.04) socket.end();
      else if (mood < 0.5 && socket.writable) socket.write(data.subarray(0, 20));
    });
    socket.write('welcome');
  };
  return tcpServer(take, { allowHalfOpen: true });
}

it('every operation ends with its lease, on the main thread', async () => {
  const random = randomFrom(seed);
  const pool = await createPool({ threads: 1 });
  const port = await moodyServer(randomFrom(seed + 1));
  const connections = new Connections();
  const open = async () => {
    const connection = await pool.connect(`tcp://127.0.0.1:${port}`);
    connection.once('close', () => open().catch(() => undefined));
    connections.add(connection);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, open));
  expect(await ringStress({ rounds: ROUNDS, random, connections })).toEqual([]);
  await pool.destroy();
});

it('every operation ends with its lease, in a handler', async () => {
  const numbers = Array.from({ length: 100_003 }, randomFrom(seed + 2));
  const pool = await createPool({ threads: 1 });
  const port = await moodyServer(randomFrom(seed + 3));
  const group = await pool.connectMany(`tcp://127.0.0.1:${port}`, {
    handler: new URL('../fixtures/handlers/ring-stress.mjs', import.meta.url),
    // Those that end are not replaced, and descriptors are not endless.
    count: Math.min(ROUNDS, 2000),
    data: { rounds: ROUNDS, numbers },
  });
  const [stuck] = await event(group, 'post');
  expect(stuck).toEqual([]);
  await pool.destroy();
});
