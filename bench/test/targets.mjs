import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTarget, judge, ratiosOf } from '../lib/targets.mjs';

const results = { ws: { median: 8 }, bun: { median: 4 }, 'lws-pool': { median: 2 } };

test('a target is a number or a multiple of a peer', () => {
  assert.deepEqual(judge({ atMost: 2 }, results), { limit: 2, met: true });
  assert.deepEqual(judge({ atMost: 1.9 }, results), { limit: 1.9, met: false });
  assert.deepEqual(judge({ atMost: 0.5, of: 'bun' }, results), { limit: 2, met: true });
  assert.deepEqual(judge({ atMost: 1 / 8, of: 'ws' }, results), { limit: 1, met: false });
});

test('what was not measured is not judged', () => {
  assert.deepEqual(judge({ atMost: 2 }, { ws: { median: 8 } }), { limit: 2, met: null });
  assert.deepEqual(judge({ atMost: 1, of: 'deno' }, results), { limit: null, met: null });
  assert.deepEqual(judge({ atMost: 1, of: 'bun' }, { ...results, bun: { error: 'crashed' } }), {
    limit: null,
    met: null,
  });
});

test('ratios are ours to theirs', () => {
  assert.deepEqual(ratiosOf(results), { ws: 0.25, bun: 0.5 });
  assert.deepEqual(ratiosOf({ ws: { median: 8 } }), {});
});

test('targets in words', () => {
  assert.equal(describeTarget({ atMost: 50 }, 'cpuPerUnit'), 'at most 50 us');
  assert.equal(describeTarget({ atMost: 0 }, 'failures'), 'at most 0');
  assert.equal(describeTarget({ atMost: 1, of: 'bun' }, 'cpuPerUnit'), 'no more than bun');
  assert.equal(describeTarget({ atMost: 0.9, of: 'bun' }, 'cpuPerUnit'), '0.9 of bun');
  assert.equal(describeTarget({ atMost: 1 / 8, of: 'ws' }, 'cpuPerUnit'), '1/8 of ws');
});

test('a target may be a lower bound, or none', () => {
  assert.deepEqual(judge({ atLeast: 2 }, results), { limit: 2, met: true });
  assert.deepEqual(judge({ atLeast: 2.1 }, results), { limit: 2.1, met: false });
  assert.deepEqual(judge(undefined, results), { limit: null, met: null });
  assert.equal(describeTarget({ atLeast: 100_000 }, 'perSecond'), 'at least 100,000 /s');
  assert.equal(describeTarget(undefined, 'perSecond'), '-');
});
