// Borrows a raw connection that lws-pool has opened for a protocol of requests and answers, run
// by a ring, and then gives it back:
//
//   node examples/uring-request.mjs
//
// Each request and the wait for its answer are one chain, submitted and completed together.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createPool, Ring } from 'lws-pool';

const ANSWER = 16; // bytes

// A server with requests and answers of one size.
const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (request) => socket.write(`ok ${request}`.padEnd(ANSWER)));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

const pool = await createPool({ threads: 1 });
const connection = await pool.connect(`tcp://127.0.0.1:${port}`);
const ring = new Ring();

await connection.withLease('exclusive', async (lease) => {
  const answer = Buffer.alloc(ANSWER);
  for (let number = 1; number <= 3; number++) {
    await Promise.all(
      ring.link(() => [
        ring.send(lease, Buffer.from(`get ${number}`)),
        ring.recv(lease, answer, { all: true }),
        ring.linkTimeout(1000),
      ]),
    );
    console.log(`by the ring: ${String(answer).trimEnd()}`);
  }
});

// The worker has it back, and the connection goes on as before.
connection.send('get 4');
const [data] = await once(connection, 'data');
console.log(`by the worker: ${String(data).trimEnd()}`);

await ring.close();
await pool.close();
server.close();
