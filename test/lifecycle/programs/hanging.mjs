// Workers that do not answer, and what becomes of them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createPool } from 'lws-pool';
import { codeOf, handler, print, runCase, until, urls } from '../support/child.mjs';
import { hold, untilPassedOver } from '../support/held.mjs';

const url = `${urls.plain}/echo`;
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const echo = (connection, text) =>
  new Promise((resolve) => {
    connection.once('message', (data) => resolve(data.toString()));
    connection.send(text);
  });

await runCase({
  /** The only worker hangs, goes on, and then tells of all that is over for the callers. */
  async goesOn() {
    const options = { timeout: 300, closeTimeout: 300 };
    const pool = await createPool({ threads: 1, maxConnections: 10, warnings: false });
    const held = await hold(pool);
    const [cut, closed] = [await pool.connect(url, options), await pool.connect(url, options)];
    const many = { count: 2, handler: handler('plain'), closeTimeout: 300 };
    const group = await pool.connectMany(url, many);
    await group.ready;
    const codes = [codeOf(pool.connect(`${urls.plain}/silent`, options))];
    const passedOver = untilPassedOver(pool);
    await held.begin();
    codes.push(codeOf(pool.connect(url, options)));
    await passedOver;
    codes.push(
      codeOf(pool.connect(url, options)),
      codeOf(pool.connectMany(url, { ...many, ...options })),
    );
    const waits = pool.connect(url, { timeout: 600_000 });
    cut.terminate();
    group.terminate();
    await Promise.all([closed.close(), group.closed]);
    print(await Promise.all(codes));
    // Their slots are not free yet.
    const busy = pool.size;
    held.goOn();
    const echoes = [await echo(await waits, 'waited')];
    await until(() => pool.size === 2);
    for (let i = 0; i < 8; i++) echoes.push(await echo(await pool.connect(url), `${i}`));
    const full = await codeOf(pool.connect(url));
    print({ busy, echoes, full, errors: [cut.error?.code, closed.error?.code], size: group.size });
    await pool.close();
  },

  /** The process, or the main thread, stands still for longer than workers may. */
  async standsStill(how) {
    const pool = await createPool({ threads: 1, warnings: false, workerTimeout: 3_000 });
    const crashes = [];
    pool.on('workerCrashed', ({ code }) => crashes.push(code));
    const connection = await pool.connect(url);
    const held = await hold(pool);
    await held.begin();
    print('still');
    if (how === 'suspended') process.kill(process.pid, 'SIGSTOP');
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
    // It has the time to be found hanging, and not the time to be ended.
    await later(600);
    held.goOn();
    print([await echo(connection, 'there'), crashes]);
    await pool.close();
  },

  /** `connectMany()` rejects: its connections are begun by nobody, and count no more. */
  async given() {
    const pool = await createPool({ threads: 1, warnings: false, workerTimeout: 0 });
    const held = await hold(pool);
    await held.begin();
    const many = { count: 3, handler: handler('plain') };
    const error = await pool.connectMany(url, { ...many, timeout: 300 }).catch((thrown) => thrown);
    const { phase, worker } = error.details;
    print([error.code, phase, worker, pool.size]);
    held.goOn();
    // The worker learns of both, in this order.
    const group = await pool.connectMany(url, many);
    await group.ready;
    print([group.opened, pool.size]);
    await group.close();
    await pool.close();
  },

  /** A thread that no exception ends: others take its place, and the pool can be destroyed. */
  async waits() {
    const folder = mkdtempSync(join(tmpdir(), 'lws-pool-'));
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const pool = await createPool({ threads: 1, workerTimeout: 1_500, warnings: false });
    const warnings = [];
    pool.on('warning', ({ code, details }) => warnings.push([code, details.threads]));
    const crashed = new Promise((resolve) => pool.once('workerCrashed', resolve));
    const group = await pool.connectMany(url, { count: 1, handler: handler('waiting') });
    await group.ready;
    const waiting = new Promise((resolve) => group.once('post', resolve));
    group.post(fifo);
    await waiting;
    const { code, cause } = await crashed;
    print([code, cause.code, cause.details, await echo(await pool.connect(url), 'again')]);
    await pool.destroy();
    print(warnings);
    writeFileSync(fifo, 'go on');
    rmSync(folder, { recursive: true });
  },
});
