// Shows a connection beneath its messages: bytes, TLS records, and a capture for Wireshark.
//
//   npx lws-pool-cli serve --tls --ca-out ca.pem --port 9000
//   node examples/bio.mjs wss://localhost:9000/ ca.pem conversation.pcapng
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createPool } from 'lws-pool';

const [url, ca, file] = process.argv.slice(2);
const pool = await createPool({ threads: 1 });
const connection = await pool.connect(url, {
  tls: {
    ca: readFileSync(ca),
    // From the socket upwards; there before the first byte of the handshake.
    bio: [{ type: 'counter' }, { type: 'recorder', records: 100 }, { type: 'capture', file }],
  },
});

connection.send('hello');
const [answer] = await once(connection, 'message');
console.log(`answer  ${answer}`);

await connection.withLease('shared', ({ tls, socket }) => {
  const { read, written } = tls.bio('counter');
  const { bytesReceived, bytesSent, bytesRetrans } = socket.tcpInfo();
  const sentOnce = bytesSent - bytesRetrans;
  console.log(`in      ${read.bytes} bytes in ${read.calls} calls; the kernel: ${bytesReceived}`);
  console.log(`out     ${written.bytes} bytes in ${written.calls} calls; the kernel: ${sentOnce}`);
  for (const { time, direction, type, length } of tls.bio('recorder').records) {
    console.log(`${new Date(time).toISOString()}  ${direction.padEnd(3)}  ${type}  ${length}`);
  }
});

await pool.close();
console.log(`Now: tshark -r ${file} -Y websocket`);
