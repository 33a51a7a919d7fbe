import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lossesIn, missesIn } from '../lib/losses.mjs';
import { readFixture } from './fixtures/report.mjs';

test('where another library is ahead, worst first; the bare socket is none', () => {
  const losses = lossesIn(readFixture().rows);
  assert.deepEqual(
    losses.map(({ row, leads: [{ peer, factor, isClear }] }) => {
      return [row.id, peer, factor.toFixed(2), isClear];
    }),
    [
      ['connect-15k', 'bun', '1.31', true],
      ['connect-1k', 'bun', '1.21', true],
    ],
  );
});

test('more may be better, and rounds may overlap', () => {
  const results = {
    bun: { median: 120, min: 100, max: 130 },
    'lws-pool': { median: 100, min: 90, max: 110 },
  };
  const [{ leads }] = lossesIn([{ better: 'more', results, ratios: { bun: 100 / 120 } }]);
  const [loss] = leads;
  assert.deepEqual([loss.factor.toFixed(2), loss.isClear], ['1.20', false]);
  assert.deepEqual(lossesIn([{ better: 'less', results, ratios: { bun: 100 / 120 } }]), []);
  assert.deepEqual(lossesIn([{ better: 'less', results, ratios: { bun: 1.02 } }]), []);
});

test('each target that was missed', () => {
  const misses = missesIn(readFixture().rows);
  assert.deepEqual(
    misses.map(({ row, target }) => [row.id, target.text]),
    [['echo-64', '1.2 of epoll']],
  );
});
