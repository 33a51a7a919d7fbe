// What is left when all is over: descriptors, threads, memory. Needs --expose-gc.
import process from 'node:process';
import { rootCertificates } from 'node:tls';
import { createPool } from 'lws-pool';
import {
  codeOf,
  descriptors,
  handler,
  print,
  runCase,
  sockets,
  threads,
  trusting,
  until,
  urls,
} from '../support/child.mjs';

const gc = globalThis.gc ?? (() => undefined);

/** One pool's whole life. @param {number} i @param {FinalizationRegistry<undefined>} [registry] */
async function live(i, registry) {
  const pool = await createPool({ threads: 1, ...trusting });
  registry?.register(pool, undefined);
  const url = i % 4 < 2 ? urls.plain : urls.tls;
  const connection = await pool.connect(`${url}/echo`);
  connection.send('x');
  await new Promise((resolve) => connection.once('message', resolve));
  void codeOf(pool.connect(urls.refused));
  void codeOf(pool.connect(`${url}/silent`));
  if (i % 2 === 0) await pool.close();
  else await pool.destroy();
}

await runCase({
  async pools(count) {
    // The first ones load libraries and start Node's thread pool, and memory that is used again
    // and again is in use for the first time.
    const several = async (registry) => {
      for (let i = 0; i < 10; i++) await live(i, registry);
      gc();
      print('ten pools');
    };
    for (let i = 0; i < 4; i++) await several();
    let collected = 0;
    const registry = new FinalizationRegistry(() => collected++);
    const before = { ...descriptors(), threads: threads() };
    const memory = process.memoryUsage().rss;
    for (let i = 0; i < Number(count) / 10; i++) await several(registry);
    await until(() => threads() <= before.threads);
    const after = { ...descriptors(), threads: threads() };
    const grown = (process.memoryUsage().rss - memory) / Number(count) / 1024;
    // The last one may still be on a stack, until another takes its place there.
    await live(0);
    await until(() => {
      gc();
      return collected === Number(count);
    });
    print({ before, after, grown });
  },

  // Each set of TLS options is of another content, so each has a context of its own.
  async tlsOptions(count) {
    const pool = await createPool({ threads: 1 });
    const ca = rootCertificates.join('\n');
    let last = 0;
    const several = async () => {
      for (let i = 0; i < 50; i++) {
        await codeOf(pool.connect(urls.refusedTls, { tls: { ca, maxCachedSessions: ++last } }));
      }
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let i = 0; i < 4; i++) await several();
    const memory = process.memoryUsage().rss;
    for (let i = 0; i < Number(count) / 50; i++) await several();
    print((process.memoryUsage().rss - memory) / Number(count) / 1024);
    await pool.close();
  },

  // Nobody keeps them: the server closes each at once, or when it is told to.
  async connections(count) {
    const pool = await createPool({ threads: 2, ...trusting });
    let finalized = 0;
    const registry = new FinalizationRegistry(() => finalized++);
    const before = sockets();
    const open = async (url) => {
      const connection = await pool.connect(`${url}/echo`);
      connection.send('close');
      return connection;
    };
    for (let i = 0; i < Number(count); i++) {
      for (const url of [urls.plain, urls.tls]) registry.register(await open(url), undefined);
    }
    // The last one may still be on a stack, until another takes its place there.
    await open(urls.plain);
    await until(() => pool.size === 0 && sockets() === before);
    await until(() => {
      gc();
      return finalized === 2 * Number(count);
    });
    print({ sockets: sockets() - before, size: pool.size });
  },

  // Every way in which a connection can end, or fail to begin.
  async everyWay() {
    const pool = await createPool({ threads: 2, ...trusting });
    const round = async () => {
      for (const url of [urls.plain, urls.tls]) {
        const open = () => pool.connect(`${url}/echo`);
        const ended = (connection) => new Promise((resolve) => connection.on('close', resolve));
        await (await open()).close();
        const terminated = await open();
        terminated.terminate();
        await ended(terminated);
        const cut = await open();
        cut.send('cut');
        await ended(cut);
        const left = await open();
        left.send('x');
        for await (const message of left) if (message) break;
        const deaf = await pool.connect(`${url}/deaf`, { closeTimeout: 20 });
        await deaf.close();
        const paused = await pool.connect(`${url}/flood`);
        paused.pause();
        paused.terminate();
        await ended(paused);
        const group = await pool.connectMany(`${url}/echo`, {
          count: 3,
          handler: handler('echo'),
        });
        await group.ready;
        await group.close();
        const controller = new AbortController();
        const aborted = codeOf(pool.connect(`${url}/silent`, { signal: controller.signal }));
        setImmediate(() => controller.abort());
        await aborted;
        await codeOf(pool.connect(`${url}/silent`, { timeout: 20 }));
      }
      await Promise.all(
        [urls.refused, urls.refusedTls, urls.mute, urls.muteTls].map((url) =>
          codeOf(pool.connect(url, { timeout: 20 })),
        ),
      );
      await codeOf(pool.connect(`${urls.tls}/echo`, { tls: { ca: [] } }));
    };
    await round();
    await until(() => pool.size === 0);
    await new Promise((resolve) => setImmediate(resolve));
    const before = descriptors();
    for (let i = 0; i < 3; i++) await round();
    await until(() => pool.size === 0 && sockets() <= (before.socket ?? 0));
    print({ before, after: descriptors() });
    await pool.close();
  },

  async droppedPools() {
    for (let i = 0; i < 3; i++) {
      const pool = await createPool({ threads: 1 });
      const connection = await pool.connect(`${urls.plain}/echo`);
      await connection.close();
      gc();
    }
    gc();
    print('dropped');
  },

  async droppedTraffic() {
    const begin = async () => {
      const pool = await createPool({ threads: 1 });
      const connection = await pool.connect(`${urls.plain}/echo`);
      let count = 0;
      return new Promise((resolve) => {
        connection.on('message', () => {
          gc();
          if (++count === 20) resolve(count);
          connection.send(count === 20 ? 'close' : 'x');
        });
        connection.send('x');
      });
    };
    print(await begin());
  },

  async batch() {
    const pool = await createPool({ threads: 1 });
    const connection = await pool.connect(`${urls.plain}/echo`);
    const thrown = [];
    const seen = [];
    process.on('uncaughtException', (error) => thrown.push(error.message));
    connection.on('message', (data) => {
      const text = data.toString();
      seen.push(text);
      if (seen.length === 10) void connection.close();
      if (Number(text) % 2 === 0) throw new Error(text);
    });
    connection.on('close', () => {
      setImmediate(() => print({ seen, thrown }));
      throw new Error('close');
    });
    for (let i = 0; i < 10; i++) connection.send(`${i}`);
  },
});
