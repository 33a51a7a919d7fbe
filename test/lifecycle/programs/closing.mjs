// pool.close() and pool.destroy(), in every order and at every moment.
import { Worker } from 'node:worker_threads';
import { createPool } from 'lws-pool';
import {
  codeOf,
  descriptors,
  doomed,
  handler,
  print,
  runCase,
  sockets,
  threads,
  trusting,
  urls,
} from '../support/child.mjs';

/** Connections that are still being opened, in every way in which that can be. */
function opening(pool) {
  return [
    pool.connect(`${urls.plain}/silent`), // the answer is missing
    pool.connect(urls.mute),
    pool.connect(urls.muteTls), // within the TLS handshake
    pool.connect(urls.refused), // its failure is on its way, or being looked into
    pool.connect(urls.refusedTls),
    pool.connect(`${urls.plain}/silent`, { handler: handler('echo') }),
    pool.connect(`${urls.plain}/silent`, { handler: handler('slow') }),
  ].map(codeOf);
}

/** Once this one is open, libwebsockets is at those that were asked for before it. */
const untilBegun = (pool) => pool.connect(`${urls.plain}/echo`);

/** Ends a pool that is opening connections; `before` is waited for in between. */
async function endWhileOpening(end, before = async () => undefined) {
  const open = sockets();
  const pool = await createPool({ threads: 2, ...trusting });
  const codes = opening(pool);
  await before(pool);
  await end(pool);
  print({ codes: await Promise.all(codes), sockets: sockets() - open });
}

/** Brings a worker into an endless loop. */
async function hang(pool) {
  const group = await doomed(pool, 2, 'loop');
  const looping = new Promise((resolve) => group.once('post', resolve));
  group.post('crash');
  await looping;
  return group;
}

await runCase({
  async closeSaysGoingAway() {
    const pool = await createPool({ threads: 2, ...trusting });
    const connection = await pool.connect(`${urls.plain}/echo`);
    const secure = await pool.connect(`${urls.tls}/echo`);
    const group = await pool.connectMany(`${urls.plain}/echo`, {
      count: 4,
      handler: handler('echo'),
    });
    await group.ready;
    const closed = Promise.all(
      [connection, secure].map((each) => new Promise((resolve) => each.on('close', resolve))),
    );
    await pool.close();
    print({ codes: await closed, size: pool.size, group: group.size });
    await group.closed;
    print({ errors: group.errors.size, sockets: sockets() });
  },

  async twice() {
    const pool = await createPool({ threads: 2 });
    await pool.connect(`${urls.plain}/echo`);
    await Promise.all([pool.close(), pool.close()]);
    await pool.close();
    await pool.destroy();
    await pool.destroy();
    const other = await createPool({ threads: 1 });
    await other.connect(`${urls.plain}/echo`);
    await Promise.all([other.destroy(), other.destroy(), other.close()]);
    print('done');
  },

  async closeThenDestroy() {
    const pool = await createPool({ threads: 2 });
    const connection = await pool.connect(`${urls.plain}/deaf`);
    const closing = pool.close();
    const ended = new Promise((resolve) => connection.on('close', resolve));
    await pool.destroy();
    await closing;
    print({ code: await ended, error: connection.error?.code, sockets: sockets() });
  },

  async destroyWithCause() {
    const pool = await createPool({ threads: 2 });
    const connection = await pool.connect(`${urls.plain}/echo`);
    const cause = new Error('enough');
    await pool.destroy(cause);
    print({
      error: connection.error?.code,
      cause: connection.error?.cause === cause,
      later: await codeOf(pool.connect(`${urls.plain}/echo`)),
      many: await codeOf(
        pool.connectMany(`${urls.plain}/echo`, { count: 1, handler: handler('echo') }),
      ),
    });
  },

  destroyWhileOpening: () => endWhileOpening((pool) => pool.destroy()),
  closeWhileOpening: () => endWhileOpening((pool) => pool.close()),
  closeInMidHandshake: () => endWhileOpening((pool) => pool.close(), untilBegun),
  destroyInMidHandshake: () => endWhileOpening((pool) => pool.destroy(), untilBegun),

  async closeWhileGroupOpens() {
    const pool = await createPool({ threads: 2, handshakesInFlight: 2 });
    const options = { count: 20, handler: handler('echo') };
    const unloaded = codeOf(
      pool.connectMany(`${urls.plain}/silent`, { ...options, handler: handler('slow') }),
    );
    const slow = await pool.connectMany(`${urls.plain}/silent`, { ...options, rate: 1 });
    const group = await pool.connectMany(`${urls.plain}/silent`, options);
    await pool.close();
    print(await unloaded);
    for (const each of [group, slow]) {
      await each.closed;
      const failed = [...each.failed].map(([code, { count }]) => [code, count]);
      print({ opened: each.opened, failed });
    }
    print(pool.size);
  },

  async afterClose() {
    const pool = await createPool({ threads: 1 });
    const connection = await pool.connect(`${urls.plain}/echo`);
    const closing = pool.close();
    const during = await codeOf(pool.connect(`${urls.plain}/echo`));
    await closing;
    print([during, await codeOf(pool.connect(`${urls.plain}/echo`))]);
    try {
      connection.send('late');
    } catch (error) {
      print(error.code);
    }
    await connection.close();
    connection.terminate();
    connection.pause();
    connection.resume();
    print([await codeOf(connection.flushed()), connection.bufferedAmount]);
  },

  async dispose() {
    let closed;
    {
      const pool = await createPool({ threads: 1 });
      const connection = await pool.connect(`${urls.plain}/echo`);
      connection.on('close', (code) => {
        closed = code;
      });
      await pool[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
    }
    print(closed);
  },

  async timeout() {
    const before = sockets();
    const pool = await createPool({ threads: 2, ...trusting });
    const connections = await Promise.all([
      pool.connect(`${urls.plain}/deaf`),
      pool.connect(`${urls.tls}/deaf`),
    ]);
    const ended = connections.map((each) => new Promise((resolve) => each.on('close', resolve)));
    const begun = performance.now();
    await pool.close({ timeout: 100 });
    const took = performance.now() - begun;
    print({
      codes: await Promise.all(ended),
      errors: connections.map(({ error }) => error?.code),
      early: took < 99,
      late: took > 1500,
      sockets: sockets() - before,
    });
  },

  async closeTimeout() {
    const pool = await createPool({ threads: 2, connect: { closeTimeout: 100 } });
    const connection = await pool.connect(`${urls.plain}/deaf`);
    await pool.close();
    print(connection.error?.code);
  },

  async badOptions() {
    const before = { ...descriptors(), threads: threads() };
    const codes = [];
    for (const options of [
      { threads: 0 },
      { threads: 'two' },
      { placement: 'random' },
      { tls: { minVersion: 'TLSv9' } },
      { unknown: 1 },
    ]) {
      codes.push(await codeOf(createPool(options)));
    }
    const after = { ...descriptors(), threads: threads() };
    print({ codes, before, after });
  },

  async several() {
    const pools = await Promise.all([1, 2, 3].map((count) => createPool({ threads: count })));
    const connections = await Promise.all(pools.map((pool) => pool.connect(`${urls.plain}/echo`)));
    await pools[1].destroy();
    const answers = [0, 2].map((index) => {
      const connection = connections[index];
      return new Promise((resolve) => {
        connection.on('message', (data) => resolve(data.toString()));
        connection.send(`pool ${index}`);
      });
    });
    print(await Promise.all(answers));
    print(new Set(connections.map(({ id }) => id)).size);
    await Promise.all(pools.map((pool) => pool.close()));
  },

  async inWorker(how) {
    const before = sockets();
    const worker = new Worker(new URL('in-worker.mjs', import.meta.url), { argv: [how] });
    worker.on('error', (error) => print(`${error}`));
    await new Promise((resolve) => worker.on('message', resolve));
    if (how === 'terminate') await worker.terminate();
    else await new Promise((resolve) => worker.on('exit', resolve));
    print({ sockets: sockets() - before });
  },

  async hangs() {
    const pool = await createPool({ threads: 2 });
    await hang(pool);
    await pool.destroy();
    print('destroyed');
  },

  async hangsWhileClosing() {
    const pool = await createPool({ threads: 1 });
    const group = await hang(pool);
    await pool.close({ timeout: 100 });
    await group.closed;
    print({ errors: [...group.errors.keys()] });
  },
});
