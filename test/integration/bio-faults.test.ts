import { createHash } from 'node:crypto';
import https from 'node:https';
import { type Connection, createPool, type FaultBio, LwsPoolError, type Pool } from 'lws-pool';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { certificate, hold, open, until } from '../fixtures/leases.js';
import { newSeed, randomFrom } from '../fixtures/random.js';
import { echo, wsServer } from '../fixtures/servers.js';

/** `npm run test:chaos` sets it to ten thousand. */
const CONNECTIONS = Number(process.env.LWSPOOL_TEST_CONNECTIONS || 240);
const AT_A_TIME = 60;
const MESSAGES = 5;
/** Calls that a BIO may put off for one connection; a worker that spins makes more in a moment. */
const MOST_RETRIES = 5_000n;

/** What may become of a connection whose bytes are changed or cut off. */
const ENDS = new Set([
  'ERR_TLS_HANDSHAKE',
  'ERR_TLS_VERSION',
  'ERR_CONNECTION_RESET',
  'ERR_CONNECTION_LOST',
  'ERR_HANDSHAKE_TIMEOUT',
  'ERR_CLOSE_TIMEOUT',
]);

/** Whole numbers below a limit. */
type Random = (limit: number) => number;

function below(seed: number): Random {
  const random = randomFrom(seed);
  return (limit) => Math.floor(random() * limit);
}

/** Kinds of bad days; `harmless` ones only slow a connection down. */
const FAULTS: { harmless: boolean; make(random: Random): Partial<FaultBio> }[] = [
  { harmless: true, make: () => ({ shortReads: 0.5, shortWrites: 0.5, retries: 0.2 }) },
  { harmless: true, make: () => ({ delays: 0.1, delay: 3, shortReads: 0.3 }) },
  { harmless: true, make: () => ({ retries: 0.6, delays: 0.02, delay: 5 }) },
  { harmless: false, make: (random) => ({ corruptRead: random(20_000), shortReads: 0.5 }) },
  { harmless: false, make: (random) => ({ corruptWrite: random(20_000), retries: 0.2 }) },
  { harmless: false, make: (random) => ({ resetAfter: random(40_000), shortWrites: 0.5 }) },
];

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ threads: 1 });
});
afterAll(() => pool.close({ timeout: 1000 }));

/** Sends messages and compares what comes back; throws where that is anything else. */
async function converse(connection: Connection, random: Random): Promise<void> {
  const closed = new Promise<never>((_, reject) => {
    connection.once('close', (code) =>
      reject(connection.error ?? new Error(`closed with ${code}`)),
    );
  });
  closed.catch(() => undefined);
  for (let index = 0; index < MESSAGES; index++) {
    const sent = Buffer.alloc(1 + random(9_000), createHash('sha256').update(`${index}`).digest());
    const answer = new Promise<Buffer>((resolve) => connection.once('message', resolve));
    connection.send(sent);
    // Where a length was changed, the rest of a record is waited for that comes with the next bytes.
    const timer = setTimeout(() => void connection.close(), 3_000);
    try {
      const got = await Promise.race([answer, closed]);
      expect(got.equals(sent), 'the data is right').toBe(true);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function run(url: string, ca: string, index: number, random: Random): Promise<string> {
  const { harmless, make } = FAULTS[index % FAULTS.length] as (typeof FAULTS)[number];
  const bio: FaultBio = { type: 'fault', seed: random(2 ** 31), ...make(random) };
  let connection: Connection | undefined;
  try {
    connection = await pool.connect(url, {
      tls: { ca, bio: [bio, { type: 'counter' }] },
      timeout: harmless ? 30_000 : 3_000,
      closeTimeout: harmless ? 30_000 : 3_000,
    });
    await converse(connection, random);
    const counter = await connection.withLease('shared', ({ tls }) => tls?.bio('counter'));
    if (counter === undefined) throw new Error('no counter');
    expect(counter.read.retries + counter.written.retries).toBeLessThan(MOST_RETRIES);
    await connection.close();
    if (connection.error !== undefined) throw connection.error;
    return 'right';
  } catch (error) {
    const known = !harmless && error instanceof LwsPoolError && ENDS.has(error.code);
    if (!known) throw new Error(`BIO ${JSON.stringify(bio)}`, { cause: error });
    return error.code;
  } finally {
    connection?.terminate();
  }
}

it(
  `${CONNECTIONS} connections on a bad day have right data or the right error`,
  async () => {
    const identity = await certificate();
    const port = await wsServer(echo, {}, https.createServer(identity) as never);
    const url = `wss://localhost:${port}/`;
    const first = newSeed();
    const ends = new Map<string, number>();
    let next = 0;
    const worker = async () => {
      for (;;) {
        const index = next++;
        if (index >= CONNECTIONS) return;
        const end = await run(url, identity.cert, index, below(first + index));
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    console.log(Object.fromEntries(ends));
    expect(ends.get('right')).toBeGreaterThanOrEqual(CONNECTIONS / 2);
  },
  Math.max(60_000, CONNECTIONS * 60),
);

it('a BIO that only puts off is called less and less often, and reported once', async () => {
  const { connection, peer } = await open(pool, 'wss TLSv1.3');
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => {
    if ((warning as { code?: string }).code === 'BIO_RETRIES') warnings.push(warning);
  };
  process.on('warning', onWarning);
  const lease = await hold(connection);
  lease.tls?.pushBio({ type: 'fault', retries: 1 });
  lease.tls?.pushBio({ type: 'counter' });
  lease.release();
  const retries = async () => {
    const counter = await connection.withLease('shared', ({ tls }) => tls?.bio('counter'));
    return Number((counter?.read.retries ?? 0n) + (counter?.written.retries ?? 0n));
  };
  peer.write('\x82\x01x');
  connection.send('y');
  const began = performance.now();
  await until(() => warnings.length > 0, 'the warning');
  expect(warnings[0]?.message).toContain(connection.id);
  const first = await retries();
  // Back-off doubles: so many calls at least take that long, however slow the machine.
  await until(() => performance.now() - began > 2_000);
  expect(await retries()).toBeLessThan(first + 100);
  expect(warnings).toHaveLength(1);
  process.off('warning', onWarning);
  connection.terminate();
});
