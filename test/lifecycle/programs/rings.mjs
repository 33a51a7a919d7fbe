// Rings where io_uring is forbidden, and when threads and the process end with operations in flight.
import process from 'node:process';
import { createPool, Ring } from 'lws-pool';
import { descriptors, doomed, handler, print, runCase, urls } from '../support/child.mjs';

const hold = (connection, mode = 'exclusive') =>
  new Promise((resolve, reject) => connection.lease(mode).then(resolve, reject));

async function inFlight() {
  const pool = await createPool({ threads: 1 });
  const connection = await pool.connect(`${urls.plain}/echo`);
  const lease = await hold(connection);
  const ring = new Ring();
  const outcome = ring.recv(lease, Buffer.alloc(100)).then(
    (count) => count,
    ({ code }) => code,
  );
  return { pool, connection, lease, ring, outcome };
}

await runCase({
  /** Everything but rings works. */
  async forbidden() {
    let error;
    try {
      new Ring();
    } catch (caught) {
      error = caught;
    }
    const { available, reason, opcodes, recvMultishot } = Ring.features();
    const pool = await createPool({ threads: 1 });
    const connection = await pool.connect(`${urls.plain}/echo`);
    const unread = await connection.withLease('exclusive', ({ socket }) => socket.unread());
    connection.send('still');
    const [data] = await new Promise((resolve) => {
      connection.once('message', (...values) => resolve(values));
    });
    await pool.close();
    print({
      ...{ code: error.code, reason: error.details.reason, same: reason === error.details.reason },
      ...{ available, opcodes: opcodes.length, recvMultishot, unread, data: String(data) },
    });
  },

  /** Its worker dies under a ring of the main thread. */
  async crash() {
    const pool = await createPool({ threads: 1 });
    const group = await doomed(pool, 1, 'exit');
    const connection = await pool.connect(`${urls.plain}/echo`);
    const ring = new Ring();
    const lease = await hold(connection);
    const outcome = ring.recv(lease, Buffer.alloc(100)).then(
      (count) => count,
      ({ code }) => code,
    );
    group.post('crash');
    print([await outcome, ring.inFlight]);
    await ring.close();
    await pool.destroy();
  },

  /** A worker dies with a ring of its own. */
  async handlerCrash() {
    const pool = await createPool({ threads: 1 });
    pool.on('workerCrashed', () => print('crashed'));
    const connection = await pool.connect(`${urls.plain}/echo`, { handler: handler('ring') });
    await new Promise((resolve) => connection.once('close', resolve));
    const again = await pool.connect(`${urls.plain}/echo`);
    print([connection.error?.code, again.readyState]);
    await pool.close();
  },

  async exit() {
    await inFlight();
    print('exiting');
    process.exit(0);
  },

  async throws() {
    await inFlight();
    process.once('uncaughtException', () => process.exit(0));
    print('throwing');
    setImmediate(() => {
      throw new Error('meant');
    });
  },

  /** A ring that nobody has any more is closed, one with something in flight stays. */
  async collected() {
    const all = () => descriptors()['anon_inode:[io_uring]'] ?? 0;
    const others = all(); // libuv may have some of its own
    const count = () => all() - others;
    let done;
    const busy = () => {
      done = new Ring().timeout(200);
    };
    const idle = () => {
      for (let i = 0; i < 5; i++) new Ring();
    };
    idle();
    busy();
    const before = count();
    const collect = async (left) => {
      while (count() > left) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await collect(1);
    const meanwhile = count();
    await done;
    done = undefined;
    await collect(0);
    print([before, meanwhile, count()]);
  },

  async detach() {
    const { lease, outcome, pool } = await inFlight();
    const socket = lease.detachToSocket();
    print([await outcome, lease.released]);
    socket.destroy();
    await pool.close();
  },
});
