import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { until } from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { afterUpgrade, frame } from '../fixtures/servers.js';

const own = usePool();

/** Of two bytes each: many of them are little memory, and much to do. */
const MESSAGES = 200_000;
/** kAtOnce in channel_binding.cc, and the records of a slab, which are delivered together. */
const AT_ONCE = 8_192 + 65_536 / 32;

/** Blocks this thread until a number has not become larger for a while. */
function whileItGrows(number: () => number): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let known = -1, same = 0; same < 20; same++) {
    if (number() > known) same = 0;
    known = number();
    Atomics.wait(nobody, 0, 0, 10);
  }
}

it('the main thread is given so many small messages at once that its loop goes on turning', async () => {
  const all = Buffer.alloc(MESSAGES * 4, frame(2, 'ab'));
  const port = await afterUpgrade((socket) => socket.once('data', () => socket.write(all)));
  const connection = await own.pool.connect(`ws://127.0.0.1:${port}`);
  let received = 0;
  let most = 0;
  let turning = true;
  const turns = (async () => {
    while (turning) {
      const before = received;
      await setImmediate();
      most = Math.max(most, received - before);
    }
  })();
  connection.on('message', () => {
    // Late, so that it finds all that the worker has read for it by then.
    if (received++ === 0) whileItGrows(() => connection.stats().messagesReceived);
  });
  connection.send('now');
  await until(() => received === MESSAGES, 'the last message');
  turning = false;
  await turns;
  expect(most).toBeLessThanOrEqual(AT_ONCE);
  expect(most).toBeGreaterThan(0);
  connection.terminate();
});
