// A pool where none can start: says what createPool() makes of it, and has to end by itself. Preloaded with
// --import, it is a program that creates a pool in each of its workers too.
import { createRequire } from 'node:module';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { createPool } from 'lws-pool';

const threads = createRequire(import.meta.url)('node:worker_threads');
const { Worker } = threads;
const url = `${process.env.WS_URL}/echo`;
const handler = new URL('handlers/crash.mjs', import.meta.url);

/** @param {unknown} value */
function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** @param {any} error */
const facts = ({ code, details, cause }) => ({
  ...{ code, worker: details?.worker, errno: details?.errno },
  cause: cause?.code ?? cause?.message,
});

async function create() {
  const pool = await createPool({ threads: 2 });
  await pool.close();
  return 'created';
}

/** Has Node.js refuse every thread from now on, until `allow()`. */
function forbid() {
  threads.Worker = class {
    constructor() {
      throw new Error('no thread, as it should be');
    }
  };
}

function allow() {
  threads.Worker = Worker;
}

/** @type {Record<string, () => Promise<unknown>>} */
const cases = {
  /** As far as the process allows. */
  create: () => create().catch(facts),

  /** Nobody can make a thread; and then somebody can. */
  async forbidden() {
    forbid();
    const refused = await create().catch(facts);
    allow();
    return [refused, await create()];
  },

  /** A running pool cannot replace a worker; and then it can. */
  async replaced() {
    const pool = await createPool({ threads: 1 });
    const group = await pool.connectMany(url, { count: 1, handler, data: 'exit' });
    await group.ready;
    /** @type {unknown[]} */
    const codes = [];
    const warned = new Promise((resolve) => pool.once('warning', resolve));
    pool.once('workerCrashed', ({ code }) => codes.push(code));
    forbid();
    group.post('crash');
    const warning = /** @type {import('lws-pool').Warning} */ (await warned);
    codes.push(warning.code);
    allow();
    const connection = await pool.connect(url);
    await connection.close();
    await pool.close();
    return codes;
  },

  /** What a module does that says nothing of its pool in workers: see the end of this file. */
  preloaded: () => create().catch(facts),

  /** One that says it in each, and goes on. */
  async preloadedTolerant() {
    const made = await create().catch(({ code }) => code);
    return [isMainThread, made];
  },

  /** One that knows of workers. */
  async preloadedGuarded() {
    return isMainThread ? await create() : 'none';
  },
};

const name = process.env.STARTING ?? 'create';
if (!isMainThread && name === 'preloaded') await create();
else print(await cases[name]?.());
