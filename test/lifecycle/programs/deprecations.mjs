// Uses a bit of everything, plain and over TLS. The flags of the process say what is deprecated.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createPool } from 'lws-pool';
import { createTarget } from 'lws-pool/target';
import { handler, print, trusting, urls } from '../support/child.mjs';

/** Sends, and waits for the echo. */
async function exchange(connection, name, text) {
  const received = once(connection, name);
  connection.send(text);
  return String((await received)[0]);
}

/** The same through a stream. */
async function throughStream(connection, text) {
  const stream = connection.stream();
  stream.setEncoding('utf8').write(text);
  const [data] = await once(stream, 'data');
  stream.destroy();
  return data;
}

const required = createRequire(import.meta.url)('lws-pool');
print(required.createPool === createPool);

const pool = await createPool({ threads: 2, ...trusting });
for (const url of [urls.plain, urls.tls]) {
  const connection = await pool.connect(`${url}/echo`);
  print(await exchange(connection, 'message', 'a message'));
  await connection.withLease('exclusive', ({ socket, tls }) => {
    socket.setOption('TCP_NODELAY', true);
    print([socket.tcpInfo().state, tls?.peerCertificate?.subject]);
  });
  print(await throughStream(connection, 'a stream'));

  const group = await pool.connectMany(`${url}/echo`, { count: 2, handler: handler('echo') });
  await once(group, 'post');
  await group.close();
}

const target = await createTarget({ raw: true });
const raw = await pool.connect(target.urls[0]);
print(await exchange(raw, 'data', 'bytes'));
await pool.stats();
await pool.close();
await target.close();
