import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLocks } from '../peers/contract/locks.mjs';

/** A lock that counts, and notices if it is taken twice. */
function makeLock(counts) {
  let held = false;
  return {
    async take() {
      assert.equal(held, false);
      held = true;
      return ++counts.taken;
    },
    release(number) {
      held = false;
      counts.released++;
      assert.ok(number > 0);
    },
  };
}

test('takes as often as asked, and gives all back', async () => {
  const counts = { taken: 0, released: 0 };
  const work = { mode: 'take', call: 'lease', leases: 1500, warmup: 10 };
  let wakeUps = 5;
  const { figures, units } = await runLocks([makeLock(counts)], work, () => wakeUps++);
  assert.deepEqual(counts, { taken: 1510, released: 1510 });
  assert.equal(units, 1500);
  assert.equal(figures.wakeUps, 1);
  assert.ok(figures.p50 > 0 && figures.p50 <= figures.p99 && figures.p99 <= figures.max);
});

test('side by side it takes no more than asked', async () => {
  const counts = { taken: 0, released: 0 };
  const locks = Array.from({ length: 8 }, () => makeLock(counts));
  const { figures } = await runLocks(locks, { mode: 'pairs', leases: 3000, warmup: 0 });
  assert.deepEqual(counts, { taken: 3000, released: 3000 });
  assert.ok(figures.perSecond > 0);
});
