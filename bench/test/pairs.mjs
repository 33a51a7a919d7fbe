import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measurePairs, quartiles } from '../peers/contract/pairs.mjs';

test('pairs take turns: with, without, without, with', async () => {
  const order = [];
  const measure = (what) => async (index) => {
    order.push(what);
    return `${what} ${index}`;
  };
  const pairs = await measurePairs(3, measure('with'), measure('without'));
  assert.deepEqual(order, ['with', 'without', 'without', 'with', 'with', 'without']);
  assert.deepEqual(
    pairs,
    [0, 1, 2].map((index) => ({ with: `with ${index}`, without: `without ${index}` })),
  );
});

test('what becomes slower and slower favours neither', async () => {
  let cost = 1;
  const measure = (factor) => async () => {
    cost *= 1.1;
    return factor * cost;
  };
  const pairs = await measurePairs(20, measure(1.02), measure(1));
  const { lowerQuartile, upperQuartile } = quartiles(pairs.map((pair) => pair.with / pair.without));
  assert.ok(Math.abs(Math.sqrt(lowerQuartile * upperQuartile) - 1.02) < 1e-9);
});

test('quartiles of any order, which stays as it was', () => {
  const values = [5, 1, 4, 2, 3];
  assert.deepEqual(quartiles(values), { lowerQuartile: 2, median: 3, upperQuartile: 4 });
  assert.deepEqual(values, [5, 1, 4, 2, 3]);
  assert.deepEqual(quartiles([7]), { lowerQuartile: 7, median: 7, upperQuartile: 7 });
});
