// A subscriber of node:diagnostics_channel that throws.
import { subscribe } from 'node:diagnostics_channel';
import process from 'node:process';
import { createPool } from 'lws-pool';
import { print, runCase, urls } from '../support/child.mjs';

const names = ['start', 'opened', 'closed'].map((name) => `lws-pool:connection:${name}`);
names.push('lws-pool:lease:granted', 'lws-pool:lease:released', 'lws-pool:worker:started');

function throwing() {
  for (const name of names) {
    subscribe(name, () => {
      throw new Error(name);
    });
  }
}

async function use() {
  const pool = await createPool({ threads: 1 });
  const connection = await pool.connect(`${urls.plain}/echo`);
  const answer = new Promise((resolve) => connection.once('message', resolve));
  await connection.withLease('exclusive', () => undefined);
  connection.send('unharmed');
  print(String(await answer));
  await connection.close();
  await pool.close();
}

await runCase({
  /** What it throws is an uncaught exception of the process, and nothing else. */
  async caught() {
    const uncaught = [];
    process.on('uncaughtException', (error) => uncaught.push(error.message));
    throwing();
    await use();
    print(uncaught.sort());
  },
  async uncaught() {
    throwing();
    await use();
  },
});
