import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metrics } from '../lib/metrics.mjs';
import { rowsOf, scopes } from '../scopes/index.mjs';

const rows = Object.values(scopes).flatMap((scope) => scope.rows);

test('each row has an id of its own and a metric that there is', () => {
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  for (const { id, metric } of rows) assert.ok(metrics[metric], id);
});

test('targets speak of rows that come before them in the same scope', () => {
  for (const scope of Object.values(scopes)) {
    for (const [index, { id, targets = [] }] of scope.rows.entries()) {
      for (const { row } of targets) {
        const earlier = scope.rows.slice(0, index).map((other) => other.id);
        assert.ok(row === undefined || earlier.includes(row), id);
      }
    }
  }
});

test('what many connections cost is held against what a thousand cost', () => {
  for (const [last, first] of [
    ['connect-15k', 'connect-1k'],
    ['connect-tls-15k', 'connect-tls-1k'],
    ['growth-echo-15k', 'growth-echo-1k'],
    ['growth-connect-15k', 'growth-connect-1k'],
  ]) {
    const { targets } = rows.find(({ id }) => id === last);
    assert.deepEqual(targets[0], { atMost: 1.1, row: first });
  }
});

test('a set is made of rows from several scopes, each once', () => {
  const ids = rowsOf(['baseline', 'connect']).map(({ row }) => row.id);
  assert.ok(ids.includes('echo-64') && ids.includes('connect-15k'));
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(rowsOf(['all']).length, rows.length);
});

test('quick rows ask for less', () => {
  for (const { id, workload, quick } of rows) {
    assert.equal(quick.mode, workload.mode, id);
    assert.ok((quick.messages ?? 0) <= (workload.messages ?? 0), id);
    assert.ok(quick.connections <= workload.connections, id);
  }
});
