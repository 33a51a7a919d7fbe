// A process that can be watched, and the file of its socket when it ends.
import process from 'node:process';
import { createPool } from 'lws-pool';
import { print, runCase, urls } from '../support/child.mjs';

const pool = await createPool({ threads: 1 });

/** @param {string | undefined} path */
async function listening(path) {
  await pool.listenDebug(String(path));
  // What it would stay for, and traffic when it ends.
  await pool.connect(`${urls.plain}/flood`);
}

await runCase({
  async exit(path) {
    await listening(path);
    process.exit();
  },
  async uncaught(path) {
    await listening(path);
    setImmediate(() => {
      throw new Error('uncaught, as it should be');
    });
  },
  async signal(path) {
    await listening(path);
    print('ready');
  },
  async signalHandled(path) {
    process.once('SIGTERM', () => void pool.close());
    await listening(path);
    print('ready');
  },
});
