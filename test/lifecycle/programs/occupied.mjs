// A worker that does not come back from a BIO, under the lock of a connection: what the main thread
// can still do, and how it ends.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createPool } from 'lws-pool';
import { codeOf, print, runCase, trusting, until, urls } from '../support/child.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lws-pool-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const flag = join(folder, 'hang');
process.env.HANG = flag;
const module = new URL('./bios/hanging.mjs', import.meta.url);

/** What a function answers, or the code of what it throws. */
const outcome = (use) => {
  try {
    return use() ?? 'nothing';
  } catch (error) {
    return error.code ?? String(error);
  }
};

/** So many turns of the loop, each with a timer as those of the rounds. */
async function ticks(count) {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return count;
}

/** Two connections of one worker; the BIO of the first hangs when it is told so. */
async function prepared(options) {
  const pool = await createPool({ threads: 1, flightRecorder: 64, ...trusting, ...options });
  const tls = { ...trusting.tls, bio: { type: 'custom', module } };
  const hung = await pool.connect(`${urls.tls}/echo`, { tls });
  const other = await pool.connect(`${urls.tls}/echo`);
  hung.on('message', () => undefined);
  const hang = async () => {
    writeFileSync(flag, '');
    hung.send('back into the BIO');
    await until(() => existsSync(`${flag}.hangs`));
  };
  return { pool, hung, other, hang };
}

const ends = {
  destroy: (pool) => pool.destroy(),
  close: (pool) => pool.close({ timeout: 100 }),
};

async function looks(way) {
  const { pool, hung, other, hang } = await prepared({
    warnings: { interval: 10, blockedAfter: 600_000 },
  });
  const shared = hung.tryLease('shared');
  const given = hung.tryLease('shared');
  void given.fd;
  const held = other.tryLease('exclusive');
  const closed = new Promise((resolve) => hung.once('close', (code) => resolve(code)));
  await hang();
  print({
    record: hung.flightRecord().events.some(({ name }) => name.startsWith('lease')),
    records: (await pool.flightRecords()).length,
    stats: hung.stats({ tcp: true, tls: true }).tcp ?? 'nothing',
    exclusive: outcome(() => hung.tryLease('exclusive')),
    shared: outcome(() => hung.tryLease('shared')),
    waiting: await codeOf(hung.lease('exclusive', { timeout: 20 })),
    option: outcome(() => shared.socket.tcpInfo()),
    descriptor: outcome(() => shared.fd),
    protocol: outcome(() => shared.tls.protocol),
    released: outcome(() => [shared, given].map((lease) => lease.release() ?? lease.released)),
    // The worker is not asked for them.
    elsewhere: outcome(() => held.tls.protocol),
    given: outcome(() => held.release() ?? held.released),
    // The rounds that look for trouble go on meanwhile.
    ticks: await ticks(20),
  });
  await ends[way](pool);
  print({ closed: await closed, error: hung.error?.code, record: hung.error?.flightRecord?.id });
}

/** What was given back while nobody could take it is taken as soon as that is possible. */
async function returns() {
  const { pool, hung, hang } = await prepared({ warnings: false });
  const leases = [hung.tryLease('shared'), hung.tryLease('shared')];
  await hang();
  for (const lease of leases) lease.release();
  rmSync(flag);
  // Granted where no observer is left, with everything sent before it written.
  const lease = await hung.lease('exclusive', { timeout: 15_000 });
  print(lease.mode);
  lease.release();
  await pool.close();
}

await runCase({ looks, returns });
