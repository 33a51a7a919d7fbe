import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chanceOfDifference, summarize } from '../lib/statistics.mjs';

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

test('samples that do not overlap are hardly chance, and those that mix are', () => {
  const low = [1, 2, 3, 4, 5, 6];
  // Of the 924 ways to share out twelve ranks, two are as extreme.
  assert.ok(Math.abs(chanceOfDifference(low, [7, 8, 9, 10, 11, 12]) - 2 / 924) < 0.001);
  assert.ok(chanceOfDifference(low, [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]) > 0.3);
  assert.equal(chanceOfDifference([3, 3, 3], [3, 3, 3]), 1);
});

test('one round far off does not hide the rest, nor decide', () => {
  assert.ok(chanceOfDifference([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 1000]) < 0.01);
  assert.ok(chanceOfDifference([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 1000]) > 0.3);
});

test('the same rounds have the same chance', () => {
  const chance = () => chanceOfDifference([1, 4, 2, 8], [5, 7, 3, 9]);
  assert.equal(chance(), chance());
});
