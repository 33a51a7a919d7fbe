import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latency } from '../peers/contract/latency.mjs';

function near(got, wanted) {
  assert.ok(Math.abs(got - wanted) <= wanted / 1000, `${got} is not ${wanted}`);
}

test('percentiles in microseconds, three digits of them', () => {
  const latency = new Latency();
  for (let millis = 1; millis <= 1000; millis++) latency.record(millis);
  const { p50, p90, p99, p999, max } = latency.figures();
  near(p50, 500_000);
  near(p90, 900_000);
  near(p99, 990_000);
  near(p999, 999_000);
  near(max, 1_000_000);
});

test('what several threads recorded is added up', () => {
  const fast = new Latency();
  const slow = new Latency();
  for (let count = 0; count < 99; count++) fast.record(1);
  slow.record(50);
  const all = new Latency();
  for (const { encoded } of [fast, slow].map((latency) => ({ encoded: latency.encoded() }))) {
    all.add(encoded);
  }
  near(all.figures().p50, 1000);
  near(all.figures().p99, 1000);
  near(all.figures().max, 50_000);
});
