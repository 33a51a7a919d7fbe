import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryOf } from '../peers/contract/memory.mjs';
import { microsOf, readThreads, threadsBetween } from '../peers/contract/threads.mjs';

test('reads schedstat in microseconds', () => {
  assert.equal(microsOf('336980973 158239439 751\n'), 336980.973);
});

test('threads: the busiest first, new ones from nothing, idle ones left out', () => {
  const start = new Map([
    [10, { name: 'main', micros: 100 }],
    [11, { name: 'node', micros: 50 }],
    [12, { name: 'gone', micros: 70 }],
  ]);
  const end = new Map([
    [10, { name: 'main', micros: 130 }],
    [11, { name: 'node', micros: 50 }],
    [13, { name: 'worker-0', micros: 900 }],
  ]);
  assert.deepEqual(threadsBetween(start, end), [
    { name: 'worker-0', cpuMicros: 900 },
    { name: 'main', cpuMicros: 30 },
  ]);
});

test('the first thread of a process is main; of no process there are none', {
  skip: process.platform !== 'linux',
}, () => {
  assert.equal(readThreads(process.pid).get(process.pid).name, 'main');
  assert.equal(readThreads(2 ** 30).size, 0);
});

test('reads what is resident, and what of it is anonymous', () => {
  const rollup = [
    '55d0-7ffe ---p 00000000 00:00 0                          [rollup]',
    'Rss:               44000 kB',
    'Pss:               12345 kB',
    'Private_Dirty:     31000 kB',
    'Anonymous:         30000 kB',
    'AnonHugePages:         0 kB',
  ].join('\n');
  assert.deepEqual(memoryOf(rollup), { rssBytes: 44000 * 1024, nativeBytes: 30000 * 1024 });
});
