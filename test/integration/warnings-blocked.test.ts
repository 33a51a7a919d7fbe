import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import inspector from 'node:inspector';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Connection, createPool, type Pool, type PoolOptions } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { event } from '../fixtures/pool.js';
import { echo, socketPath, wsServer } from '../fixtures/servers.js';
import { collectWarnings, processWarnings, warned } from '../fixtures/warnings.js';

const handler = new URL('../fixtures/handlers/blocking.mjs', import.meta.url);
/** More than a busy machine keeps a thread waiting: another warning would be told instead. */
const warnings = { interval: 20, blockedAfter: 300, stacks: true };

interface Bed {
  readonly pool: Pool;
  readonly connection: Connection;
  /** The next of the peer's messages. */
  answer(): Promise<string>;
  /** Ends the blockage. */
  go(): void;
}

/** A connection whose handler blocks when the peer says so. */
async function bed(data: object = {}, options: PoolOptions = {}): Promise<Bed & { tell: Tell }> {
  const pool = await createPool({ threads: 1, warnings, ...options });
  onTestFinished(() => pool.destroy());
  const flag = new Int32Array(new SharedArrayBuffer(4));
  let tell: Tell = () => undefined;
  let heard: (text: string) => void = () => undefined;
  const port = await wsServer((peer) => {
    tell = (text) => peer.send(text);
    peer.on('message', (text) => heard(text.toString()));
  });
  const connection = await pool.connect(`ws://127.0.0.1:${port}/`, {
    handler,
    data: { go: flag, ...data },
  });
  return {
    pool,
    connection,
    tell: (text) => tell(text),
    answer: () =>
      new Promise((resolve) => {
        heard = resolve;
      }),
    go() {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    },
  };
}

type Tell = (text: string) => void;

async function makeFifo(): Promise<string> {
  const fifo = await socketPath('fifo');
  execFileSync('mkfifo', [fifo]);
  return fifo;
}

describe('a handler that blocks its worker', () => {
  it.each(['blockInLoop', 'blockInWait', 'blockInRegExp', 'blockAfterTampering'])(
    'is warned of, with its stack, and goes on unharmed: %s',
    async (way) => {
      const { pool, connection, tell, answer, go } = await bed();
      const all = collectWarnings(pool);
      const warning = warned(pool, 'WORKER_BLOCKED');
      tell(way);
      const { worker, message, details } = await warning;
      expect(worker).toBe(connection.worker);
      expect(details.blockedFor).toBeGreaterThanOrEqual(300);
      expect(details.noStack).toBeUndefined();
      expect(details.stack).toContain(way);
      expect(details.stack).toContain('blocking.mjs');
      expect(message).toMatch(/^Worker \d has been blocked for \d+ ms/);
      const answered = answer();
      go();
      expect(await answered).toBe(way);
      // It works on, and was told of once.
      const next = answer();
      tell('still here');
      expect(await next).toBe('still here');
      expect(all).toHaveLength(1);
    },
  );

  it.each(['blockInNativeCode', 'blockInChild'])(
    'in native code is warned of without a stack: %s',
    async (way) => {
      const fifo = await makeFifo();
      const { pool, tell, answer } = await bed({ fifo });
      const warning = warned(pool, 'WORKER_BLOCKED');
      tell(way);
      const { details, message } = await warning;
      expect(details.stack).toBeUndefined();
      expect(details.noStack).toContain('native code');
      expect(message).toContain('native code');
      const answered = answer();
      closeSync(openSync(fifo, 'w'));
      expect(await answered).toBe(way);
    },
  );

  it('is warned of without a stack where none is asked for', async () => {
    const { pool, tell, answer, go } = await bed({}, { warnings: { ...warnings, stacks: false } });
    const warning = warned(pool, 'WORKER_BLOCKED');
    tell('blockInLoop');
    const { details } = await warning;
    expect(details.stack).toBeUndefined();
    expect(details.noStack).toContain('warnings.stacks');
    const answered = answer();
    go();
    expect(await answered).toBe('blockInLoop');
  });

  it('is left to the debugger where one may be attached', async () => {
    inspector.open(0, '127.0.0.1');
    onTestFinished(() => inspector.close());
    const { pool, tell, answer, go } = await bed();
    const warning = warned(pool, 'WORKER_BLOCKED');
    tell('blockInLoop');
    const { details } = await warning;
    expect(details.stack).toBeUndefined();
    expect(details.noStack).toContain('a debugger may be attached');
    const answered = answer();
    go();
    expect(await answered).toBe('blockInLoop');
  });

  it('can be ended with its pool, while it is looked at and after', async () => {
    const during = await bed();
    during.tell('blockInLoop');
    // The inspector is asked when this much has passed; nothing tells of it from outside.
    const looked = warned(during.pool, 'WORKER_BLOCKED');
    const ended = looked.then(() => during.pool.destroy());
    await Promise.all([ended, event(during.connection, 'close')]);
    const native = await bed({}, { warnings: { interval: 1, blockedAfter: 1, stacks: true } });
    native.tell('blockInWait');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await native.pool.destroy();
    expect(native.connection.readyState).toBe(3);
  });

  it('is a warning of the process where nobody listens, with the stack as its detail', async () => {
    const shown = processWarnings();
    const { tell, answer, go } = await bed();
    tell('blockInLoop');
    await new Promise<void>((resolve) => process.once('warning', () => resolve()));
    expect(shown).toMatchObject([{ name: 'LwsPoolWarning', code: 'WORKER_BLOCKED' }]);
    expect(shown[0]?.detail).toContain('blockInLoop');
    const answered = answer();
    go();
    expect(await answered).toBe('blockInLoop');
  });

  it('is not looked for where blockedAfter or warnings is false', async () => {
    for (const off of [false, { interval: 5, blockedAfter: false }] as const) {
      const watching = await bed();
      const { pool, tell, answer, go } = await bed({}, { warnings: off });
      const all = collectWarnings(pool);
      tell('blockInLoop');
      // Another pool, whose worker blocks later, has warned.
      const other = warned(watching.pool, 'WORKER_BLOCKED');
      watching.tell('blockInLoop');
      await other;
      watching.go();
      const answered = answer();
      go();
      await answered;
      expect(all).toEqual([]);
    }
  });
});

describe('a worker that is late and not at fault', () => {
  /** Resolves when a worker that blocks for as long has been warned of, and a bit later. */
  async function untilOthersAreWarnedOf(): Promise<void> {
    const { pool, tell, answer, go } = await bed();
    const other = warned(pool, 'WORKER_BLOCKED');
    tell('blockInWait');
    await other;
    const answered = answer();
    go();
    await answered;
  }

  it('since it loads a module is not warned of', async () => {
    const fifo = await makeFifo();
    const slow = new URL('../fixtures/handlers/loading-slowly.mjs', import.meta.url);
    slow.searchParams.set('fifo', fifo);
    const pool = await createPool({ threads: 1, warnings });
    onTestFinished(() => pool.destroy());
    const all = collectWarnings(pool);
    const port = await wsServer(echo);
    const opening = pool.connect(`ws://127.0.0.1:${port}/`, { handler: slow });
    // Opening it for writing waits until the module reads it.
    const file = await openFile(fifo, 'w');
    await untilOthersAreWarnedOf();
    await file.close();
    await (await opening).close();
    expect(all).toEqual([]);
  });

  it('since others have all processors is not warned of', async () => {
    const pool = await createPool({ threads: 1, warnings: { interval: 20, blockedAfter: 100 } });
    onTestFinished(() => pool.destroy());
    const all = collectWarnings(pool);
    let peer: WebSocket | undefined;
    const port = await wsServer((accepted) => {
      peer = accepted;
    });
    const yielding = new URL('../fixtures/handlers/yielding.mjs', import.meta.url);
    await pool.connect(`ws://127.0.0.1:${port}/`, { handler: yielding });
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const spin = 'const { workerData } = require("node:worker_threads"); while (!workerData[0]);';
    const hogs = Array.from(
      { length: 2 * availableParallelism() },
      () => new Worker(spin, { eval: true, workerData: flag }),
    );
    onTestFinished(async () => {
      flag[0] = 1;
      await Promise.all(hogs.map((hog) => event(hog, 'exit')));
    });
    for (let round = 0; round < 5; round++) {
      peer?.send('do something');
      await once(peer as WebSocket, 'message');
    }
    expect(all).toEqual([]);
  });
});

it('the workers of a pool in a worker thread are looked at from there', async () => {
  const port = await wsServer((peer) => {
    echo(peer);
    peer.send('blockInLoop');
  });
  const worker = new Worker(
    new URL('../fixtures/programs/blocked-in-worker.mjs', import.meta.url),
    { workerData: { url: `ws://127.0.0.1:${port}/`, handler: handler.href } },
  );
  const [details] = await event(worker, 'message');
  expect(details.noStack).toBeUndefined();
  expect(details.stack).toContain('blockInLoop');
  await event(worker, 'exit');
});
