// Like uring-request.mjs, but keeps the connection at the end:
//
//   node examples/uring-detach.mjs
//
// lws-pool resolves, connects and, with TLS, verifies. After detach() the socket is yours, and
// neither the pool nor libwebsockets touches it again.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createPool, Ring } from 'lws-pool';

const ANSWER = 16; // bytes

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (request) => socket.write(`ok ${request}`.padEnd(ANSWER)));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

const pool = await createPool({ threads: 1 });
const connection = await pool.connect(`tcp://127.0.0.1:${port}`);
const closed = once(connection, 'close');
const ring = new Ring();

const lease = await connection.lease('exclusive');
const answer = Buffer.alloc(ANSWER);
await Promise.all(
  ring.link(() => [
    ring.send(lease, Buffer.from('get 1')),
    ring.recv(lease, answer, { all: true }),
  ]),
);
console.log(`by the ring: ${String(answer).trimEnd()}`);

// Operations in flight are cancelled before the socket changes hands.
const waiting = ring.recv(lease, answer).catch(({ code }) => code);
const socket = lease.detachToSocket();
console.log(`in flight at detach(): ${await waiting}`);
const [, reason] = await closed;
console.log(`for the pool it is closed: ${reason}`);
await ring.close();
await pool.close();

socket.write('get 2');
const [data] = await once(socket, 'data');
console.log(`by its new owner: ${String(data).trimEnd()}`);
socket.destroy();
server.close();
