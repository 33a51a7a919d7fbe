import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schedule } from '../peers/contract/schedule.mjs';

test('messages are due evenly from the start on', () => {
  const schedule = new Schedule(100, 4000);
  assert.equal(schedule.dueBy(99.9), 0);
  assert.equal(schedule.dueBy(100), 1);
  assert.equal(schedule.dueBy(100.24), 1);
  assert.equal(schedule.dueBy(101), 5);
  assert.equal(schedule.timeOf(0), 100);
  assert.equal(schedule.timeOf(4), 101);
});

test('what is late does not move what comes later', () => {
  const schedule = new Schedule(0, 1000);
  assert.equal(schedule.dueBy(50), 51);
  assert.equal(schedule.timeOf(51), 51);
});
