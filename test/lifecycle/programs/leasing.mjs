// Leases when a worker, a pool or the process ends, and when their holders forget them.
import { channel } from 'node:diagnostics_channel';
import process from 'node:process';
import { createPool } from 'lws-pool';
import {
  codeOf,
  doomed,
  handler,
  print,
  runCase,
  trusting,
  until,
  urls,
} from '../support/child.mjs';

const thrown = (use) => {
  try {
    use();
  } catch (error) {
    return error.code;
  }
  return 'none';
};

/** A lease that the code which awaits this does not hold, so that it may wait for another. */
const hold = (connection, mode = 'exclusive', options) =>
  new Promise((resolve, reject) => connection.lease(mode, options).then(resolve, reject));

/** Grows with each lease that was found lost. */
function leaksReported() {
  const reports = [];
  channel('lws-pool:lease:leaked').subscribe(({ report }) => reports.push(report));
  return reports;
}

/** A pool with plain and TLS connections, each held by one and waited for by another. */
async function held(mode) {
  const pool = await createPool({ threads: 2, placement: 'round-robin', ...trusting });
  const connections = [];
  for (const url of [urls.plain, urls.tls, urls.plain, urls.tls]) {
    connections.push(await pool.connect(`${url}/echo`));
  }
  const leases = [];
  for (const connection of connections) leases.push(await hold(connection, mode));
  for (const lease of leases) void lease.fd;
  const waiting = connections.map((connection) => codeOf(hold(connection)));
  return { pool, connections, leases, waiting };
}

async function outcome({ leases, waiting }) {
  await until(() => leases.every(({ released }) => released));
  const result = {
    uses: [...new Set(leases.map((lease) => thrown(() => lease.socket)))],
    reasons: [...new Set(leases.map(({ signal }) => signal.reason.code))],
    waiting: [...new Set(await Promise.all(waiting))],
  };
  for (const lease of leases) lease.release();
  return result;
}

/** Nobody has the lease any more. */
async function forget(connection, options) {
  const lease = await hold(connection, 'exclusive', options);
  return [lease.token, lease.fd];
}

async function collect(done) {
  while (!done()) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

await runCase({
  async crash(mode) {
    const bed = await held(mode);
    let crashes = 0;
    bed.pool.on('workerCrashed', () => crashes++);
    const group = await doomed(bed.pool, 2, 'exit');
    group.post('crash');
    print(await outcome(bed));
    await until(() => crashes === 2);
    const fresh = await bed.pool.connect(`${urls.plain}/echo`);
    (await hold(fresh)).release();
    await bed.pool.close();
  },
  async close(mode) {
    const bed = await held(mode);
    await bed.pool.close({ timeout: 300 });
    print(await outcome(bed));
  },
  async destroy(mode) {
    const bed = await held(mode);
    await bed.pool.destroy();
    print(await outcome(bed));
  },
  async exit(mode) {
    const bed = await held(mode);
    print(bed.leases.length);
    process.exit(0);
  },
  async throws(mode) {
    const bed = await held(mode);
    print(bed.leases.length);
    process.on('uncaughtException', () => process.exit(0));
    throw new Error('uncaught');
  },
  /** The last connections end by themselves, and with them all that kept the process. */
  async ends(mode) {
    const bed = await held(mode);
    for (const connection of bed.connections) connection.terminate();
    print(await outcome(bed));
    await bed.pool.close();
  },
  async leaked() {
    const pool = await createPool({ threads: 1, ...trusting });
    const warnings = [];
    process.removeAllListeners('warning');
    process.on('warning', (warning) => warnings.push(warning.code));
    const reports = leaksReported();
    const connection = await pool.connect(`${urls.tls}/echo`);
    const [token] = await forget(connection, { label: 'forgotten' });
    const next = connection.lease('exclusive');
    await collect(() => reports.length > 0);
    (await next).release();
    const [{ kind, mode, label, token: reported, stack, connection: id }] = reports;
    print({
      report: { kind, mode, label },
      token: reported === token,
      id: id === connection.id,
      stack: /at hold .*leasing\.mjs/.test(stack),
      warnings,
    });
    await pool.close();
  },
  /** What a forgotten lease had that was over before. */
  async forgottenDescriptor() {
    const { fstatSync } = await import('node:fs');
    const pool = await createPool({ threads: 1 });
    const reports = leaksReported();
    const connection = await pool.connect(`${urls.plain}/echo`);
    const closed = new Promise((resolve) => connection.once('close', resolve));
    const [, fd] = await forget(connection);
    // Not by a time limit: on a busy machine that is over before the descriptor is there.
    connection.terminate();
    await closed;
    const isOpen = () => {
      try {
        return fstatSync(fd).isSocket();
      } catch {
        return false;
      }
    };
    const before = isOpen();
    await collect(() => !isOpen());
    print({ before, after: isOpen(), reports: reports.length });
    await pool.close();
  },
  async handlerExit() {
    const pool = await createPool({ threads: 1 });
    const connection = await pool.connect(`${urls.plain}/echo`, { handler: handler('leasing') });
    const closed = new Promise((resolve) => connection.once('close', resolve));
    const waiting = codeOf(hold(connection));
    const crash = await doomed(pool, 1, 'exit');
    crash.post('crash');
    print([await closed, connection.error?.code, await waiting]);
    await pool.close();
  },
});
