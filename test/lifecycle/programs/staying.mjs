// Whether a process ends by itself: it does with an idle pool, and not with a connection.
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from 'lws-pool';
import { handler, print, runCase, urls } from '../support/child.mjs';

/**
 * Shows that the process still lives some time after there is nothing left to do but connections.
 *
 * @param {() => void} then
 */
function afterAWhile(then) {
  setTimeout(then, 300).unref();
}

await runCase({
  async idle() {
    await createPool({ threads: 2 });
    print('created');
  },

  async idleAfterUse() {
    const pool = await createPool({ threads: 2 });
    const connection = await pool.connect(`${urls.plain}/echo`);
    await connection.close();
    print('closed');
  },

  async observed() {
    const pool = await createPool({ threads: 1 });
    const directory = mkdtempSync(join(tmpdir(), 'lws-pool-'));
    const { path } = await pool.listenDebug(join(directory, 'debug'));
    process.on('exit', () => {
      print(readdirSync(directory));
      rmSync(directory, { recursive: true });
    });
    const observer = connect(path);
    await once(observer, 'data');
    observer.unref();
    print('observed');
  },

  async connection() {
    const pool = await createPool({ threads: 2 });
    const connection = await pool.connect(`${urls.plain}/echo`);
    connection.on('close', (code) => print(code));
    afterAWhile(() => connection.send('close'));
  },

  async handled() {
    const pool = await createPool({ threads: 2 });
    const connection = await pool.connect(`${urls.plain}/echo`, { handler: handler('echo') });
    connection.on('close', (code) => print(code));
    afterAWhile(() => connection.send('close'));
  },

  async group() {
    const pool = await createPool({ threads: 2 });
    const group = await pool.connectMany(`${urls.plain}/echo`, {
      count: 5,
      handler: handler('echo'),
    });
    await group.ready;
    void group.closed.then(() => print('closed'));
    afterAWhile(() => group.post('close'));
  },

  async opening() {
    const pool = await createPool({ threads: 2 });
    void pool.connect(`${urls.plain}/parked`).then((connection) => {
      print('open');
      connection.send('close');
    });
    afterAWhile(() => print('unpark'));
  },

  async paused() {
    const pool = await createPool({ threads: 1 });
    const connection = await pool.connect(`${urls.plain}/flood`);
    connection.pause();
    connection.on('close', (code) => print(code));
    afterAWhile(() => connection.terminate());
  },

  // What is awaited at the top level has to keep the process alive until it is settled: Node ends
  // it with status 13 otherwise.
  async awaiting() {
    const pool = await createPool({ threads: 2 });
    const handled = await pool.connect(`${urls.plain}/echo`, { handler: handler('echo') });
    const group = await pool.connectMany(`${urls.plain}/echo`, {
      count: 4,
      handler: handler('echo'),
    });
    await handled.close();
    await group.ready;
    await group.close();
    await pool.close();
    print('closed');
  },

  async awaitingClose() {
    const pool = await createPool({ threads: 2 });
    await pool.close();
    print('closed');
  },

  async awaitingDestroy() {
    const pool = await createPool({ threads: 2 });
    await pool.destroy();
    print('destroyed');
  },

  async awaitingHandler() {
    const pool = await createPool({ threads: 1 });
    await pool
      .connect(`${urls.plain}/echo`, { handler: handler('slow') })
      .then((connection) => connection.close());
    print('closed');
  },

  async awaitingGroupHandler() {
    const pool = await createPool({ threads: 1 });
    const options = { count: 1, handler: handler('slow') };
    const group = await pool.connectMany(`${urls.plain}/echo`, options);
    await group.ready;
    await group.close();
    print('closed');
  },

  async awaitingMissingHandler() {
    const pool = await createPool({ threads: 1 });
    await pool.connect(`${urls.plain}/echo`, { handler: handler('missing') }).catch((error) => {
      print(error.code);
    });
    const options = { count: 1, handler: handler('missing') };
    await pool.connectMany(`${urls.plain}/echo`, options).catch((error) => {
      print(error.code);
    });
  },
});
