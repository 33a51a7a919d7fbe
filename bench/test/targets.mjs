import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allMet, bestOther, describeTarget, judge, ratiosOf } from '../lib/targets.mjs';

const results = {
  ws: { median: 8 },
  bun: { median: 4 },
  epoll: { median: 1 },
  'lws-pool': { median: 2 },
};
const row = { metric: 'cpuPerUnit', results };
const verdict = (target, of = row, rowOf = undefined) => {
  const { limit, met } = judge(target, of, rowOf);
  return { limit, met };
};

test('a target is a number or a multiple of a peer', () => {
  assert.deepEqual(verdict({ atMost: 2 }), { limit: 2, met: true });
  assert.deepEqual(verdict({ atMost: 1.9 }), { limit: 1.9, met: false });
  assert.deepEqual(verdict({ atMost: 0.5, of: 'bun' }), { limit: 2, met: true });
  assert.deepEqual(verdict({ atMost: 1 / 8, of: 'ws' }), { limit: 1, met: false });
});

test('what was not measured is not judged', () => {
  const only = (peers) => ({ ...row, results: peers });
  assert.deepEqual(verdict({ atMost: 2 }, only({ ws: { median: 8 } })), { limit: 2, met: null });
  assert.deepEqual(verdict({ atMost: 1, of: 'deno' }), { limit: null, met: null });
  const crashed = only({ ...results, bun: { error: 'crashed' } });
  assert.deepEqual(verdict({ atMost: 1, of: 'bun' }, crashed), { limit: null, met: null });
});

test('the best other is the best library: neither the subject nor the bare socket', () => {
  assert.deepEqual(bestOther(row), ['bun', 4]);
  assert.deepEqual(bestOther({ ...row, metric: 'perSecond' }), ['ws', 8]);
  const { limit, met, against, text } = judge({ atMost: 0.5, of: 'best' }, row);
  assert.deepEqual({ limit, met, against }, { limit: 2, met: true, against: 'bun' });
  assert.equal(text, '0.5 of the best other');
  const alone = { ...row, results: { 'lws-pool': { median: 2 }, epoll: { median: 1 } } };
  assert.deepEqual(verdict({ atMost: 1, of: 'best' }, alone), { limit: null, met: null });
});

test('a target may be a multiple of another row', () => {
  const rowOf = (id) => (id === 'small' ? { results: { 'lws-pool': { median: 1.7 } } } : undefined);
  const { limit, met } = verdict({ atMost: 1.2, row: 'small' }, row, rowOf);
  assert.deepEqual({ limit: limit.toFixed(2), met }, { limit: '2.04', met: true });
  assert.deepEqual(verdict({ atMost: 1.2, row: 'none' }, row, rowOf), { limit: null, met: null });
});

test('of several targets all have to be met', () => {
  const all = (...mets) => allMet(mets.map((met) => ({ met })));
  assert.equal(all(true, true), true);
  assert.equal(all(true, false), false);
  assert.equal(all(null, false), false);
  assert.equal(all(true, null), null);
  assert.equal(all(), null);
});

test('ratios are ours to theirs', () => {
  assert.deepEqual(ratiosOf(results), { ws: 0.25, bun: 0.5, epoll: 2 });
  assert.deepEqual(ratiosOf({ ws: { median: 8 } }), {});
});

test('targets in words', () => {
  const words = (target, metric = 'cpuPerUnit') => describeTarget(target, metric);
  assert.equal(words({ atMost: 50 }), 'at most 50 us');
  assert.equal(words({ atMost: 0 }, 'failures'), 'at most 0');
  assert.equal(words({ atMost: 1, of: 'bun' }), 'no more than bun');
  assert.equal(words({ atMost: 0.9, of: 'bun' }), '0.9 of bun');
  assert.equal(words({ atMost: 1 / 8, of: 'ws' }), '1/8 of ws');
  assert.equal(words({ atMost: 1.2, row: 'connect-1k' }), '1.2 of connect-1k');
  assert.equal(words({ atLeast: 1.9, row: 'threads-1' }), 'at least 1.9 of threads-1');
});

test('a target may be a lower bound', () => {
  assert.deepEqual(verdict({ atLeast: 2 }), { limit: 2, met: true });
  assert.deepEqual(verdict({ atLeast: 2.1 }), { limit: 2.1, met: false });
  assert.equal(describeTarget({ atLeast: 100_000 }, 'perSecond'), 'at least 100,000 /s');
});
