/** npm `tarn`, the pool of knex: as many resources as borrowers, made before it begins. */
import { createRequire } from 'node:module';
import { Pool } from 'tarn';
import { runLocks } from './contract/locks.mjs';
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';

const workload = readWorkload();
const { version } = createRequire(import.meta.url)('tarn/package.json');
const versions = { tarn: version, node: process.versions.node };

const size = workload.connections;
const pool = new Pool({ min: size, max: size, create: () => ({}), destroy: () => undefined });
const lock = {
  take: () => pool.acquire().promise,
  release: (resource) => pool.release(resource),
};

await report({ peer: 'tarn', versions }, workload, () =>
  runLocks(new Array(size).fill(lock), workload),
);
