import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from '../lib/statistics.mjs';

test('the median of an odd number of rounds is the middle one', () => {
  const { median, min, max } = summarize([5, 1, 9]);
  assert.deepEqual({ median, min, max }, { median: 5, min: 1, max: 9 });
});

test('the median of an even number lies between the middle two', () => {
  assert.equal(summarize([4, 1, 2, 8]).median, 3);
});

test('the rounds stay in order', () => {
  assert.deepEqual(summarize([10, 9, 100]).values, [10, 9, 100]);
});
