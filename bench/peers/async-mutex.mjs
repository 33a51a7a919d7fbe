/** npm `async-mutex`: a lock and nothing behind it, what exclusion alone costs. */
import { createRequire } from 'node:module';
import { Mutex } from 'async-mutex';
import { runLocks } from './contract/locks.mjs';
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const { version } = createRequire(import.meta.url)('async-mutex/package.json');
const versions = { 'async-mutex': version, node: process.versions.node };

function open() {
  const mutex = new Mutex();
  return { take: () => mutex.acquire(), release: (release) => release() };
}

await report({ peer: 'async-mutex', versions }, workload, () =>
  runLocks(Array.from({ length: workload.connections }, open), workload),
);
