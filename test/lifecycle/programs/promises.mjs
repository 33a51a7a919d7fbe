// Every promise of the public interface, while a worker hangs, or dies, or no descriptor is left.
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createPool, Ring } from 'lws-pool';
import { Registry } from 'prom-client';
import { doomed, handler, print, runCase, urls } from '../support/child.mjs';
import { first, hold, untilPassedOver } from '../support/held.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lws-pool-'));
const url = `${urls.plain}/echo`;
const silent = `${urls.plain}/silent`;
const nothing = async () => undefined;

/** How a promise settles: "done", what its value says, or the code of its error. */
const outcome = (promise) =>
  promise.then(
    (value) => {
      kept.push(value);
      return typeof value === 'string' ? value : 'done';
    },
    (error) => String(error.code ?? error),
  );

/** Leases above all, so that none is found lost. */
const kept = [];

const closed = (connection) =>
  new Promise((resolve) => {
    connection.once('close', () => resolve(connection.error?.code ?? 'no error'));
  });

/** Connections of the main thread that a case uses up, one for each call. */
async function connections(pool, names, options) {
  const all = {};
  for (const name of names) all[name] = await pool.connect(url, options);
  return all;
}

const NAMES = [
  ...['close', 'dispose', 'terminate', 'flushed', 'lease', 'withLease', 'leaseAll', 'held'],
  ...['next', 'return', 'destroyed', 'ended', 'read', 'ring'],
];

/** Begins all that waits for worker 0, or for what it serves. */
async function begin(pool, own, leases, waiting, timeout) {
  const abort = new AbortController();
  const terms = { timeout };
  for (const name of ['flushed', 'lease', 'withLease', 'leaseAll']) own[name].send('never leaves');
  const calls = {
    aborted: () => pool.connect(silent, { signal: abort.signal, timeout: 60_000 }),
    leaseAll: () => pool.leaseAll([own.leaseAll], 'exclusive', terms),
    sample: () => pool.sample().next(),
    flightRecords: () => pool.flightRecords(),
    writeTrace: () => pool.writeTrace(join(folder, 'trace.json')),
    metrics: () => pool.metrics(new Registry()),
    telemetry: () => pool.telemetry(),
    listenDebug: () => pool.listenDebug(join(folder, 'debug')),
    flushed: () => own.flushed.flushed(),
    lease: () => own.lease.lease('exclusive', terms),
    withLease: () => own.withLease.withLease('exclusive', terms, nothing),
    leaseDispose: () => leases.held[Symbol.asyncDispose](),
    next: () => own.next[Symbol.asyncIterator]().next(),
    return: () => own.return[Symbol.asyncIterator]().return(),
    ringRecv: () => leases.user.recv(leases.ring, Buffer.alloc(8)),
    ringTimeout: () => leases.user.timeout(1),
    streamRead: () => own.read.stream().toArray(),
    streamDestroy: () => finished(own.destroyed.stream().destroy()),
    streamEnd: () => finished(own.ended.stream().end().resume()),
    close: () => own.close.close().then(() => own.close.error?.code ?? 'no error'),
    dispose: () => own.dispose[Symbol.asyncDispose]().then(() => own.dispose.error?.code ?? '-'),
    terminate: () => {
      const end = closed(own.terminate);
      own.terminate.terminate();
      return end;
    },
    ...waiting,
  };
  const begun = Object.entries(calls).map(([name, call]) => [name, outcome(call())]);
  abort.abort();
  return begun;
}

async function withWorker(end) {
  const hangs = end === 'hang';
  const timeout = hangs ? 300 : 60_000;
  const pool = await createPool({
    threads: 2,
    placement: first,
    flightRecorder: 16,
    warnings: false,
    workerTimeout: hangs ? 8_000 : 0,
  });
  const options = { timeout, closeTimeout: timeout };
  // What is to open has the time that a busy machine takes.
  const patient = { closeTimeout: timeout };
  const own = await connections(pool, NAMES, patient);
  const shared = { handler: handler('plain'), closeTimeout: timeout };
  const groups = [];
  for (let i = 0; i < 4; i++) {
    groups.push(await pool.connectMany(url, { count: 1, ...shared }));
    await groups[i].ready;
  }
  const [closing, disposing, terminating, staying] = groups;
  const opening = await pool.connectMany(silent, { count: 1, ...shared, timeout: 60_000 });
  const leases = {
    held: await own.held.lease('exclusive'),
    ring: await own.ring.lease('exclusive'),
    user: new Ring(),
  };
  const held = await hold(pool);
  let over = false;
  pool.once('workerCrashed', () => {
    over = true;
  });
  const outcomes = {};
  const follow = async ([name, promise]) => {
    const how = await promise;
    outcomes[name] = over ? `${how}, when it is over` : how;
  };
  // They are with the worker when it begins to loop, or behind that.
  const early = {
    connect: outcome(pool.connect(silent, options)),
    connectHandled: outcome(pool.connect(silent, { ...options, handler: handler('slow') })),
  };
  const followed = Object.entries(early).map(follow);
  const passedOver = untilPassedOver(pool);
  await held.begin();
  if (hangs) await passedOver;
  const waiting = {
    groupClose: () => closing.close(),
    groupDispose: () => disposing[Symbol.asyncDispose](),
    groupTerminate: () => {
      terminating.terminate();
      return terminating.closed;
    },
    groupClosed: () => staying.closed,
    groupReady: () => opening.ready,
    ...(hangs && {
      connectAfter: () => pool.connect(url, patient).then(({ worker }) => `worker ${worker}`),
      connectManyAfter: () =>
        pool.connectMany(url, { count: 1, ...shared, handler: handler('slow') }),
    }),
  };
  followed.push(...(await begin(pool, own, leases, waiting, timeout)).map(follow));
  if (!hangs) held.die();
  await Promise.all(followed);
  outcomes.ringClose = await outcome(leases.user.close());
  outcomes.again = await outcome(pool.connect(url).then(({ worker }) => `worker ${worker}`));
  outcomes.poolClose = await outcome(pool.close());
  outcomes.poolDestroy = await outcome(pool.destroy());
  print(outcomes);
}

/** Descriptors that a program has taken, to the last one. */
function fill() {
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    return () => taken.splice(0).map(closeSync);
  }
}

await runCase({
  async worker(end) {
    await withWorker(end);
    rmSync(folder, { recursive: true });
  },

  /** `pool.close()` and `pool.destroy()` while one of its workers hangs. */
  async end(how) {
    const pool = await createPool({
      threads: 1,
      warnings: false,
      workerTimeout: 0,
      connect: { timeout: 600_000, closeTimeout: 300 },
    });
    const connection = await pool.connect(url);
    const held = await hold(pool);
    const opening = outcome(pool.connect(silent));
    await held.begin();
    const waits = [
      opening,
      outcome(pool.connect(silent)),
      outcome(pool.connect('ws://example.com/', { lookup: () => undefined })),
      outcome(pool.connect(url, { handler: handler('slow') })),
      outcome(pool.connectMany(url, { count: 1, handler: handler('slow') })),
      closed(connection),
    ];
    const passedOver = untilPassedOver(pool);
    if (how === 'close') await passedOver;
    waits.push(outcome(pool.connect(url)));
    // Whatever has not ended by itself would wait for ten minutes.
    const ended = outcome(how === 'close' ? pool.close({ timeout: 600_000 }) : pool.destroy());
    const outcomes = await Promise.all(waits);
    print([...outcomes, await outcome(pool.destroy()), await ended]);
    rmSync(folder, { recursive: true });
  },

  async descriptors() {
    const pool = await createPool({ threads: 1, flightRecorder: 16, warnings: false });
    const own = await connections(pool, NAMES, { closeTimeout: 300 });
    const group = await pool.connectMany(url, { count: 2, handler: handler('echo') });
    await group.ready;
    const user = new Ring();
    const leases = { user, held: await own.held.lease('shared') };
    leases.ring = await own.ring.lease('exclusive');
    const free = fill();
    const outcomes = {};
    const many = async (name) => {
      const made = await pool.connectMany(url, { count: 1, handler: handler(name) });
      await made.ready;
      return [...made.failed.keys()].join();
    };
    const opening = {
      createPool: () => createPool({ threads: 1 }),
      connect: () => pool.connect(url),
      connectByName: () => pool.connect(urls.tls),
      connectHandled: () => pool.connect(url, { handler: handler('plain') }),
      connectMany: () => many('echo'),
      connectManyUnloaded: () => many('held'),
      writeTrace: () => pool.writeTrace(join(folder, 'none.json')),
    };
    // Before anything is closed, which would leave room for one of them.
    for (const [name, call] of Object.entries(opening)) outcomes[name] = await outcome(call());
    const waiting = {
      ringRecv: async () => leases.ring.socket.unread(),
      streamRead: () => own.read.close().then(() => own.read.stream().toArray()),
      groupReady: () => group.ready,
      groupClose: () => group.close(),
    };
    own.next.send('answered');
    own.close.send('left');
    const begun = await begin(pool, own, leases, waiting, 30_000);
    for (const [name, promise] of begun) outcomes[name] ??= await promise;
    free();
    print(outcomes);
    const again = {
      createPool: () => createPool({ threads: 1 }).then((made) => made.close()),
      connect: () => pool.connect(url),
      connectHandled: () => pool.connect(url, { handler: handler('plain') }),
      connectMany: () => many('held'),
      writeTrace: () => pool.writeTrace(join(folder, 'again.json')),
      metrics: () => pool.metrics(new Registry()),
      telemetry: () => pool.telemetry(),
      listenDebug: () => pool.listenDebug(join(folder, 'again')).then((socket) => socket.close()),
    };
    for (const [name, call] of Object.entries(again)) again[name] = await outcome(call());
    print(again);
    const taken = fill();
    print([
      await outcome(user.close()),
      await outcome(pool.close()),
      await outcome(pool.destroy()),
    ]);
    taken();
    rmSync(folder, { recursive: true });
  },

  /** A worker dies at the limit, where everything that it frees is taken by somebody else. */
  async crashAtLimit(way) {
    const pool = await createPool({ threads: 2, placement: first, warnings: false });
    const warnings = [];
    const warned = new Promise((resolve) => {
      pool.on('warning', ({ code, details }) => {
        warnings.push([code, details.errno]);
        resolve();
      });
    });
    const crashes = [];
    pool.on('workerCrashed', ({ code }) => crashes.push(code));
    const crashed = new Promise((resolve) => pool.once('workerCrashed', resolve));
    // In worker 0 alone.
    const group = await doomed(pool, 1, way);
    const mine = await pool.connect(url);
    const frees = [fill()];
    const filling = setInterval(() => frees.push(fill()), 1);
    group.post('crash');
    await crashed;
    await warned;
    clearInterval(filling);
    frees.push(fill());
    for (const free of frees) free();
    const alive = () => pool.stats().workers.every((worker) => worker.alive);
    while (!alive()) await new Promise((resolve) => setTimeout(resolve, 5));
    const again = await pool.connect(url);
    print({ crashes, warnings, mine: mine.error?.code, again: again.worker });
    await pool.close();
    rmSync(folder, { recursive: true });
  },
});
