// Whether pools that come and go touch descriptors that are not theirs: another thread opens files
// all the while, and looks whether what it opened is what it has.
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

if (isMainThread) {
  const { createPool } = await import('lws-pool');
  const { print } = await import('../support/child.mjs');
  const worker = new Worker(new URL(import.meta.url));
  let broken;
  worker.on('error', (error) => {
    broken = error.message;
  });
  await new Promise((resolve) => worker.once('message', resolve));
  for (let i = 0; i < 8; i++) {
    const pool = await createPool({ threads: 2 });
    await pool.close();
  }
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.postMessage('stop');
  await ended;
  print(broken ?? 'untouched');
} else {
  const own = fileURLToPath(import.meta.url);
  const { ino } = statSync(own);
  const look = () => {
    for (let round = 0; round < 200; round++) {
      const fds = [1, 2, 3].map(() => openSync(own));
      for (const fd of fds) {
        if (fstatSync(fd).ino !== ino) throw new Error(`descriptor ${fd} is another`);
      }
      for (const fd of fds) closeSync(fd);
    }
    next = setImmediate(look);
  };
  let next = setImmediate(look);
  parentPort?.once('message', () => clearImmediate(next));
  parentPort?.postMessage('ready');
}
