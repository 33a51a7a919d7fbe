import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { expect, it, onTestFinished } from 'vitest';
import { recordOf } from '../../src/pool/piscina.js';

const filename = fileURLToPath(new URL('support/lasting-task.mjs', import.meta.url));

/** A task that begins in a new thread. */
function beginning() {
  const piscina = new Piscina({ filename, minThreads: 0, maxThreads: 1, atomics: 'disabled' });
  onTestFinished(() => piscina.destroy());
  const created = once(piscina, 'workerCreate');
  const task = piscina.run({});
  task.catch(() => undefined);
  return { piscina, created, task, thread: piscina.threads[0] };
}

/** The same, once the thread runs it. */
async function running() {
  const begun = beginning();
  const [worker] = await begun.created;
  const record = recordOf(worker) as unknown as {
    readonly port: { hasRef(): boolean };
    unref(): void;
  };
  while (!record.port.hasRef()) await setImmediate();
  return { ...begun, record };
}

it('Piscina hands out its record of a worker, with the reference of its task', async () => {
  const { record } = await running();
  record.unref();
  expect(record.port.hasRef()).toBe(false);
});

it('Piscina rejects the task of a thread that dies', async () => {
  const { thread, task } = await running();
  const rejected = expect(task).rejects.toThrow();
  await thread?.terminate();
  await rejected;
});

it.each([
  ['has begun its task', running],
  ['has no task yet', async () => beginning()],
])('Piscina ends a thread that %s, and rejects the task', async (_, begin) => {
  const { piscina, thread, task } = await begin();
  expect(thread?.threadId).toBeGreaterThan(0);
  const exited = thread && once(thread, 'exit');
  const rejected = expect(task).rejects.toThrow();
  await piscina.destroy();
  await Promise.all([exited, rejected]);
});

it('Piscina throws where it cannot make a thread, and keeps the task', async () => {
  const execArgv = ['--no-such-option'];
  const piscina = new Piscina({ filename, minThreads: 0, maxThreads: 1, execArgv });
  expect(() => piscina.run({})).toThrow(
    expect.objectContaining({ code: 'ERR_WORKER_INVALID_EXEC_ARGV' }),
  );
  expect(piscina.queueSize).toBe(1);
  expect(piscina.threads).toEqual([]);
});
