// Workers that die, in every way in which a handler can bring that about.
import { createPool } from 'lws-pool';
import {
  codeOf,
  doomed,
  handler,
  print,
  runCase,
  sockets,
  threads,
  trusting,
  until,
  urls,
} from '../support/child.mjs';

/** @param {import('lws-pool').ConnectionGroup} group */
function counts(group) {
  const list = (failures) => [...failures].map(([code, { count }]) => [code, count]);
  return {
    opened: group.opened,
    size: group.size,
    failed: list(group.failed),
    errors: list(group.errors),
  };
}

const echo = (connection, text) =>
  new Promise((resolve) => {
    connection.once('message', (data) => resolve(data.toString()));
    connection.send(text);
  });

await runCase({
  // Worker 0 dies in full traffic; worker 1 goes on.
  async inTraffic(way) {
    const pool = await createPool({ threads: 2, placement: 'round-robin', ...trusting });
    const before = sockets();
    const crashes = [];
    pool.on('workerCrashed', (error) => crashes.push(error));
    /**
     * Opens a group, and tells how many of its connections are the doomed worker's: half, unless a
     * busy machine has let one of the workers wait for so long that it is passed over.
     */
    const groupOf = async (url, options) => {
      const doomedSoFar = () => pool.stats().workers[0].connections.open;
      const earlier = doomedSoFar();
      const opened = await pool.connectMany(url, options);
      await opened.ready;
      return { group: opened, doomed: doomedSoFar() - earlier };
    };
    const connections = [];
    for (const url of [urls.plain, urls.tls]) {
      for (let i = 0; i < 4; i++) connections.push(await pool.connect(`${url}/flood`));
    }
    const data = { way, worker: 0 };
    const crashing = { count: 6, handler: handler('crash'), data };
    const { group, doomed: plainly } = await groupOf(`${urls.plain}/echo`, crashing);
    const { group: secure, doomed: securely } = await groupOf(`${urls.tls}/echo`, crashing);
    const echoing = { count: 2, handler: handler('echo') };
    const { group: survivor, doomed: echoed } = await groupOf(`${urls.plain}/echo`, echoing);
    // In flight when it happens; the windows of both workers have room for all.
    const opening = [
      `${urls.plain}/silent`,
      urls.mute,
      urls.muteTls,
      urls.refused,
      urls.refusedTls,
      'ws://240.0.0.1:9/',
    ];
    const codes = opening.flatMap((url) => [
      codeOf(pool.connect(url, { timeout: 1500 })),
      codeOf(pool.connect(url, { timeout: 1500 })),
    ]);
    const closed = connections.map((each) => new Promise((resolve) => each.on('close', resolve)));
    const mine = connections.filter(({ worker }) => worker === 0);
    const others = connections.filter(({ worker }) => worker === 1);
    // Full traffic: each has had messages.
    await Promise.all(
      connections.map((each) => new Promise((resolve) => each.once('message', resolve))),
    );
    for (const each of connections) each.on('message', () => undefined);
    const crashed = new Promise((resolve) => pool.once('workerCrashed', resolve));
    group.post('crash');
    await crashed;
    const ended = await Promise.all(closed.filter((_, i) => connections[i].worker === 0));
    await Promise.all(
      others.map((each) => new Promise((resolve) => each.once('message', resolve))),
    );
    print({
      mine: [new Set(ended), new Set(mine.map(({ error }) => error?.code))].map((set) => [...set]),
      others: others.map(({ readyState }) => readyState),
      crashes: crashes.map(({ code, details, cause }) => [
        code,
        details.worker,
        cause instanceof Error,
      ]),
      group: counts(group),
      secure: counts(secure),
      survivor: counts(survivor),
      doomed: [plainly, securely, echoed],
    });
    // Another worker has taken its place.
    const again = [];
    for (let i = 0; again.every(({ worker }) => worker !== 0) || i % 4 !== 0; i++) {
      again.push(await pool.connect(`${i % 2 === 0 ? urls.plain : urls.tls}/echo`));
    }
    print({
      workers: [...new Set(again.map(({ worker }) => worker))].toSorted(),
      echoes: new Set(await Promise.all(again.map((each) => echo(each, 'again')))).size,
    });
    for (const each of [...again, ...connections]) each.terminate();
    for (const each of [group, secure, survivor]) each.terminate();
    await Promise.all([group, secure, survivor].map((each) => each.closed));
    print([...new Set(await Promise.all(codes))].toSorted());
    await until(() => sockets() <= before);
    print({ size: pool.size, sockets: sockets() - before, group: counts(group) });
    await pool.close();
  },

  async whileLoading() {
    const pool = await createPool({ threads: 1 });
    const group = await doomed(pool, 1, 'exit');
    const single = codeOf(pool.connect(`${urls.plain}/echo`, { handler: handler('slow') }));
    const many = pool.connectMany(`${urls.plain}/echo`, { count: 3, handler: handler('slow') });
    const code = codeOf(many);
    group.post('crash');
    print([await single, await code, pool.size]);
    const connection = await pool.connect(`${urls.plain}/echo`);
    print(await echo(connection, 'again'));
    await pool.close();
  },

  // Each new worker dies as soon as the group opens on it, until the pool gives up.
  async againAndAgain(way) {
    const pool = await createPool({ threads: 1 });
    const idle = threads();
    const crashes = [];
    pool.on('workerCrashed', (error) => crashes.push(error.code));
    const codes = [];
    const begun = performance.now();
    let failure;
    while (failure === undefined) {
      const options = { handler: handler('crash'), data: { way, at: 'open' } };
      try {
        const connection = await pool.connect(`${urls.plain}/echo`, options);
        // Closing it could be faster than the crash.
        await new Promise((resolve) => connection.once('close', resolve));
        codes.push(connection.error?.code);
      } catch (error) {
        codes.push(error.code);
        if (error.code === 'ERR_POOL_FAILED') failure = error;
      }
    }
    const took = performance.now() - begun;
    print({
      crashes,
      codes: [...new Set(codes)],
      cause: failure.cause?.code,
      beneath: failure.cause?.cause instanceof Error,
      backedOff: took > 100 + 200 + 400 + 800,
    });
    await pool.close();
    await pool.destroy();
    await until(() => threads() < idle);
    print({ size: pool.size, sockets: sockets() });
  },

  async idleDies() {
    const pool = await createPool({ threads: 2 });
    const connection = await pool.connect(`${urls.plain}/echo`, {
      handler: handler('crash'),
      data: { way: 'exit', at: 'open' },
    });
    await connection.close();
    print(connection.error?.code);
  },

  async outOfMemory() {
    const pool = await createPool({ threads: 1 });
    const crashed = new Promise((resolve) => pool.once('workerCrashed', resolve));
    const group = await doomed(pool, 2, 'memory');
    group.post('crash');
    const error = await crashed;
    print([error.code, error.cause?.code, counts(group)]);
    const connection = await pool.connect(`${urls.plain}/echo`);
    print(await echo(connection, 'again'));
    await pool.close();
  },
});
