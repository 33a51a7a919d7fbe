// A process that ends in the middle of traffic, plain and TLS, of the main thread and of handlers,
// with handshakes in flight.
import process from 'node:process';
import { createPool } from 'lws-pool';
import { codeOf, handler, print, runCase, trusting, urls } from '../support/child.mjs';

const pool = await createPool({ threads: 2, ...trusting });
const groups = [];
const connections = [];
for (const url of [urls.plain, urls.tls]) {
  for (let i = 0; i < 4; i++) connections.push(await pool.connect(`${url}/flood`));
  groups.push(await pool.connectMany(`${url}/echo`, { count: 4, handler: handler('echo') }));
}
const opening = [`${urls.plain}/silent`, urls.mute, urls.muteTls, urls.refused, urls.refusedTls];
const openings = Array.from({ length: 10 }, () => opening.map((url) => pool.connect(url))).flat();
for (const each of openings) void codeOf(each);

/** The listener is called once in full traffic, from within an event. */
const inTraffic = new Promise((resolve) => {
  let count = 0;
  const seen = new Set();
  for (const connection of connections) {
    connection.on('message', () => {
      count++;
      seen.add(connection);
      if (connection.readyState === 1) connection.send(Buffer.alloc(300));
      if (count >= 1000 && seen.size === connections.length) resolve(undefined);
    });
  }
});
await Promise.all(groups.map((group) => new Promise((resolve) => group.once('post', resolve))));
await inTraffic;

await runCase({
  exit() {
    process.exit(7);
  },
  exitInListener() {
    connections[0].once('message', () => process.exit(7));
  },
  exitInPost() {
    groups[0].once('post', () => process.exit(7));
  },
  uncaught() {
    setImmediate(() => {
      throw new Error('uncaught, as it should be');
    });
  },
  uncaughtInListener() {
    connections[0].once('message', () => {
      throw new Error('uncaught, as it should be');
    });
  },
  rejection() {
    void Promise.reject(new Error('uncaught, as it should be'));
  },
  signal() {
    print('ready');
  },
  signalHandled(name) {
    process.once(name, () => {
      void pool.close().then(() => print('closed'));
    });
    print('ready');
  },
  signalDestroyed(name) {
    process.once(name, () => {
      void pool.destroy().then(() => print('destroyed'));
    });
    print('ready');
  },
  signalExits(name) {
    process.once(name, () => process.exit(7));
    print('ready');
  },
  destroyAtExit() {
    process.once('exit', () => void pool.destroy());
    process.exit(7);
  },
  useAtExit() {
    process.once('exit', () => {
      for (const connection of connections) connection.send('last words');
      void codeOf(pool.connect(urls.plain));
      void pool.close();
    });
    process.exit(7);
  },
  async destroy() {
    await pool.destroy();
    print('destroyed');
  },
  async close() {
    await pool.close();
    print('closed');
  },
  terminateAll() {
    for (const connection of connections) connection.terminate();
    for (const group of groups) group.terminate();
    void Promise.all(groups.map((group) => group.closed)).then(() => {
      print('closed');
      process.exit();
    });
  },
});
