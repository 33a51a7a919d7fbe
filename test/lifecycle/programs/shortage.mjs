// What happens where descriptors run out at each step: so many are free, one more each time, until
// there are enough. Run with a low limit (ulimit -n).
import { closeSync, openSync } from 'node:fs';
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
    const channel = new native.Channel(10, () => undefined, true);
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
