// What happens where descriptors run out at each step: so many are free, one more each time, until
// there are enough. Run with a low limit (ulimit -n).
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createPool, Ring } from 'lws-pool';
import { codeOf, print, runCase, trusting, urls } from '../support/child.mjs';

const { native } = await import(new URL('../../../dist/native.js', import.meta.url).href);

/** Enough for any of the steps. */
const MOST = 40;
/** Descriptors that keep others from being opened. @type {number[]} */
const held = [];

function fill() {
  for (;;) {
    try {
      held.push(openSync('/dev/null'));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EMFILE') return;
      throw error;
    }
  }
}

function free(count = held.length) {
  for (const descriptor of held.splice(0, count)) closeSync(descriptor);
}

/**
 * Calls a step with none free, then one, and so on, up to the first count with which it succeeds
 * three times in a row. What it answers is printed by the count, each once.
 *
 * @param {() => Promise<string> | string} step
 */
async function countDown(step) {
  await step(); // modules are loaded now, and whatever else is done once
  const outcomes = [];
  for (let count = 0, well = 0; count < MOST && well < 3; count++) {
    fill();
    free(count);
    const outcome = await step();
    free();
    outcomes.push(outcome);
    well = outcome === 'none' ? well + 1 : 0;
  }
  return [...new Set(outcomes)];
}

/** How often the loop turns in a while in which it has nothing to do. */
async function idleTurns() {
  const { loopCount: before } = performance.nodeTiming.uvMetricsInfo;
  await new Promise((resolve) => setTimeout(resolve, 50));
  return performance.nodeTiming.uvMetricsInfo.loopCount - before;
}

await runCase({
  /** A worker's service, on this thread: its poller, libwebsockets and the handles of its loop. */
  async service(poller) {
    const channel = new native.Channel(10, () => undefined, true, 2 ** 31 - 1);
    let mostTurns = 0;
    const outcomes = await countDown(async () => {
      let outcome = 'none';
      try {
        const uring = poller === 'io_uring';
        const service = new native.Service(
          channel.key,
          8,
          () => undefined,
          () => 0,
          uring,
        );
        await new Promise((resolve) => service.close(() => resolve(undefined)));
      } catch (error) {
        outcome = /** @type {Error} */ (error).message;
      }
      mostTurns = Math.max(mostTurns, await idleTurns());
      return outcome;
    });
    channel.close();
    print({ outcomes, idle: mostTurns < 50 || mostTurns });
  },

  /** Connections of a pool that stands already: sockets, and the finding out why one has failed. */
  async connections() {
    const pool = await createPool({ ...trusting, threads: 1, warnings: false });
    const outcomes = {};
    for (const [name, url] of Object.entries({
      plain: `${urls.plain}/echo`,
      tls: `${urls.tls}/echo`,
      refused: urls.refused,
      refusedTls: urls.refusedTls,
    })) {
      outcomes[name] = await countDown(async () => {
        // Looking names up takes descriptors as well, and is not what is asked here.
        const lookup = (_host, _options, callback) => callback(null, '127.0.0.1', 4);
        const opening = pool.connect(url, { lookup });
        const code = await codeOf(opening);
        if (code === 'none') await (await opening).close();
        return code === 'ERR_CONNECTION_REFUSED' ? 'none' : code;
      });
    }
    const connection = await pool.connect(`${urls.plain}/echo`);
    outcomes.lend = await countDown(() =>
      codeOf(connection.withLease('exclusive', (lease) => lease.fd)),
    );
    print(outcomes);
    await pool.close();
  },

  /** What opens something for a moment, or for good, beside connections. */
  async passing() {
    const pool = await createPool({ ...trusting, threads: 1, warnings: false, flightRecorder: 16 });
    // Of a key log that was opened, and could not be again.
    pool.on('warning', () => undefined);
    const folder = mkdtempSync(join(tmpdir(), 'lws-pool-'));
    // Before anything else has asked, which would be remembered.
    const asked = [true, false].map((short) => {
      if (short) fill();
      const code = codeOf((async () => Ring.features())());
      free();
      return code;
    });
    const outcomes = { features: [...new Set(await Promise.all(asked))] };
    const url = `${urls.tls}/echo`;
    const lookup = (_host, _options, callback) => callback(null, '127.0.0.1', 4);
    // Modules are imported once: each time it is another.
    let copies = 0;
    const copied = (name) => {
      const module = new URL(name, import.meta.url);
      module.searchParams.set('copy', `${copies++}`);
      return module;
    };
    const echo = `${urls.plain}/echo`;
    const steps = {
      keylog: () => pool.connect(url, { lookup, tls: { keylog: join(folder, 'keys') } }),
      handler: () => pool.connect(echo, { handler: copied('handlers/plain.mjs') }),
      bio: () => {
        const bio = { type: /** @type {const} */ ('custom'), module: copied('bios/passing.mjs') };
        return pool.connect(url, { lookup, tls: { bio } });
      },
    };
    for (const [name, open] of Object.entries(steps)) {
      outcomes[name] = await countDown(async () => {
        const opening = open();
        const code = await codeOf(opening);
        if (code === 'none') await (await opening).close();
        return code;
      });
    }
    let traces = 0;
    outcomes.writeTrace = await countDown(() =>
      codeOf(pool.writeTrace(join(folder, `${traces++}.json`))),
    );
    for (const [name, target] of Object.entries({ detach: echo, detachTls: url })) {
      let opened = await pool.connect(target, { lookup });
      outcomes[name] = await countDown(async () => {
        const lease = await opened.lease('exclusive');
        try {
          const { fd } = lease.detach();
          closeSync(fd);
        } catch (error) {
          lease.release();
          return String(/** @type {NodeJS.ErrnoException} */ (error).code);
        }
        free();
        opened = await pool.connect(target, { lookup });
        return 'none';
      });
      await opened.close();
    }
    print(outcomes);
    await pool.close();
    rmSync(folder, { recursive: true });
  },

  async ring() {
    const outcomes = await countDown(async () => {
      try {
        const ring = new Ring();
        await ring.close();
        return 'none';
      } catch (error) {
        return String(/** @type {NodeJS.ErrnoException} */ (error).code);
      }
    });
    print({ outcomes, idle: (await idleTurns()) < 50 });
  },
});
