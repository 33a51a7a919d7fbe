// Compression (permessage-deflate): what a server agrees to, what it saves, and a message of unknown length.
//
//   npx lws-pool-cli serve --compress --port 9000
//   node examples/compression.mjs ws://127.0.0.1:9000/
import { once } from 'node:events';
import { createPool } from 'lws-pool';

const pool = await createPool({ threads: 1, connect: { compression: { threshold: 256 } } });
const connection = await pool.connect(process.argv[2] ?? 'ws://127.0.0.1:9000/');
console.log(`extensions: ${connection.extensions || 'none: this server does not compress'}`);

// Each message refers to those before it, so that the first one saves least.
for (let i = 0; i < 100; i++) {
  connection.send(JSON.stringify(quotes(i)));
  await once(connection, 'message');
}
const { sent, received } = connection.stats().compression;
console.log(`sent ${sent.inflatedBytes} bytes as ${sent.bytes}, received as ${received.bytes}`);

// In fragments, each as it is made; noise would only grow by being compressed again.
const answer = once(connection, 'message');
await connection.sendStream(lines());
console.log(`a message of ${(await answer)[0].length} bytes came back`);
connection.send(crypto.getRandomValues(new Uint8Array(1000)), { compress: false });

await pool.close();

function quotes(seed) {
  return Array.from({ length: 20 }, (_, i) => ({
    symbol: `SYM${i}`,
    bid: seed + i / 100,
    ask: seed + i / 90,
  }));
}

async function* lines() {
  for (let i = 0; i < 1000; i++) {
    yield `line ${i}\n`;
    if (i % 100 === 0) await new Promise(setImmediate);
  }
}
