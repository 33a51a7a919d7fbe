// What becomes of a connection, or of its worker, that finds no memory for what it is to tell.
import { rmSync, writeFileSync } from 'node:fs';
import { createPool } from 'lws-pool';

const [, , what, url] = process.argv;
const short = process.env.LWSPOOL_TEST_SHORT;
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const piece = Buffer.alloc(15_000);

const pool = await createPool({ threads: 1, warnings: false });
const crashes = [];
pool.on('workerCrashed', ({ code, details }) => {
  rmSync(short);
  crashes.push([code, details.reason]);
});
const connection = await pool.connect(url);
const closed = new Promise((resolve) => connection.once('close', resolve));

const asks = {
  // Messages lie in memory that users see.
  message: () => connection.send(piece),
  // Of a pong without a payload there is but a record, as of the end of a connection.
  pong() {
    for (let i = 0; i < 4; i++) connection.ping();
  },
};
async function rounds(count) {
  for (let i = 0; i < count && connection.readyState === 1; i++) {
    const answer = new Promise((resolve) => {
      let left = what === 'pong' ? 4 : 1;
      const listener = () => {
        if (--left > 0) return;
        connection.off(what, listener);
        resolve();
      };
      connection.on(what, listener);
    });
    asks[what]();
    await Promise.race([answer, closed]);
  }
}

await rounds(20);
writeFileSync(short, '');
await rounds(2000);
await closed;
rmSync(short, { force: true });
const next = await pool.connect(url);
const echoed = new Promise((resolve) => next.once('message', (data) => resolve(data.length)));
next.send(piece);
print({ closedWith: connection.error?.code, echoed: await echoed, crashes });
await pool.destroy();
