import { closeSync, openSync, readdirSync } from 'node:fs';
import { type Connection, createPool } from 'lws-pool';
import { expect, it } from 'vitest';
import { event, usePool } from '../fixtures/pool.js';
import { echo, ignore, tcpServer, wsServer } from '../fixtures/servers.js';

const own = usePool();

async function works(connection: Connection): Promise<void> {
  const answer = event(connection, 'message');
  connection.send('there');
  expect(String((await answer)[0])).toBe('there');
}

it('connections with high and with low descriptors open, work and close, and leave none behind', async () => {
  const url = `ws://127.0.0.1:${await wsServer(echo)}/`;
  const open = () => readdirSync('/proc/self/fd').length;
  await (await own.pool.connect(url)).close();
  const before = open();
  const others: number[] = [];
  const connections: Connection[] = [];
  // Further apart than libwebsockets is shown of its table at first.
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 1100; i++) others.push(openSync('/dev/null', 'r'));
    connections.push(await own.pool.connect(url));
  }
  for (const descriptor of others) closeSync(descriptor);
  for (let i = 0; i < 3; i++) connections.push(await own.pool.connect(url));
  for (const connection of connections) await works(connection);
  for (const connection of connections) await connection.close();
  // The peers' ends, in this process as well, are closed a little later.
  while (open() > before) await new Promise(setImmediate);
  await (await own.pool.connect(url)).close();
});

// Each opens so many in one turn of its loop that it has to reckon with the others' numbers.
it('workers that open thousands at once lose none', async () => {
  const url = `tcp://127.0.0.1:${await tcpServer(ignore)}`;
  const pool = await createPool({ threads: 8, handshakesInFlight: 500 });
  await Promise.all(Array.from({ length: 3000 }, () => pool.connect(url)));
  await pool.destroy();
});
