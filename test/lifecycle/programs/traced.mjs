// Runs under strace: a connection is leased while its peer sends, closes and resets. What is
// written to descriptor 2 between the system calls says where the trace is.

import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { createPool } from 'lws-pool';

const [secure, how, poller] = process.argv.slice(2);
const mark = (what) => writeSync(2, `MARK ${what}\n`);
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

const accepted = [];
const upgrade = (socket) => {
  socket.on('error', () => undefined);
  socket.once('data', (head) => {
    const [, key] = /Sec-WebSocket-Key: (.*)\r\n/i.exec(head.toString());
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
    );
    socket.resume();
    accepted.push(socket);
  });
};
const pem = process.env.PEM;
const server =
  secure === 'tls' ? tls.createServer({ key: pem, cert: pem }, upgrade) : net.createServer(upgrade);
const raw = [];
server.on('connection', (socket) => raw.push(socket));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const scheme = secure === 'tls' ? 'wss' : 'ws';

const pool = await createPool({ threads: 1, poller, tls: { ca: pem } });
const connection = await pool.connect(`${scheme}://localhost:${server.address().port}/`);
connection.on('message', () => undefined);
connection.on('error', () => undefined);
const closed = new Promise((resolve) => connection.once('close', resolve));
const frame = Buffer.from([0x82, 5, ...Buffer.from('bytes')]);
accepted[0].write(frame);
await pause(50);

const lease = await connection.lease('exclusive');
mark('begin');
const { localPort } = lease.socket;
accepted[0].write(frame);
connection.send('waits');
await pause(50);
accepted[0].write(frame);
connection.ping();
await pause(50);
if (how === 'reset') raw[0].resetAndDestroy();
else accepted[0].end();
await pause(100);
mark('end');
lease.release();
await closed;
await pool.close();
server.close();
process.stdout.write(JSON.stringify({ main: process.pid, localPort }));
