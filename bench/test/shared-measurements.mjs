import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedMeasurements } from '../lib/shared-measurements.mjs';

test('rows with the same work are measured once, and then anew for other work', async () => {
  const measurements = new SharedMeasurements();
  let measured = 0;
  const of = (row) => measurements.of(row, async () => ++measured);
  const row = { id: 'p50', driver: 'lease', workload: { leases: 1 } };
  assert.equal(await of(row), 1);
  assert.equal(await of({ ...row, id: 'p99' }), 1);
  assert.equal(await of({ ...row, tls: true }), 2);
  assert.equal(await of({ ...row, workload: { leases: 2 } }), 3);
});
