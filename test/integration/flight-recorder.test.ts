import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FlightRecord, LwsPoolError, TraceEvent } from 'lws-pool';
import { createPool } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificate, hold, open, until } from '../fixtures/leases.js';
import { ending, event, rejection, usePool } from '../fixtures/pool.js';
import {
  afterUpgrade,
  echo,
  frame,
  freePort,
  tcpServer,
  tlsServer,
  wsServer,
} from '../fixtures/servers.js';
import { warned } from '../fixtures/warnings.js';

const own = usePool({ flightRecorder: 200 });
const run = promisify(execFile);
const HANDLER = new URL('../fixtures/handlers/recording.mjs', import.meta.url);

/** Names of a record's events, those of libwebsockets left out. */
function names(record: FlightRecord | undefined): string[] {
  if (record === undefined) throw new Error('nothing was recorded');
  return record.events.filter(({ category }) => category !== 'lws').map(({ name }) => name);
}

/** The facts of a record's first event of that name that has them. */
function facts(record: FlightRecord | undefined, name: string, some: object = {}): object {
  const found = record?.events.find(
    (one) =>
      one.name === name && Object.entries(some).every(([key, value]) => one.facts[key] === value),
  );
  if (found === undefined) throw new Error(`no "${name}" in:\n${record}`);
  return found.facts;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lws-pool-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe('an opening that fails', () => {
  it('refused: the attempt, and the error number', async () => {
    const url = `ws://127.0.0.1:${await freePort()}/`;
    const error = await rejection(own.pool.connect(url));
    expect(error.code).toBe('ERR_CONNECTION_REFUSED');
    const record = error.flightRecord;
    expect(names(record)).toEqual(['queued', 'begun', 'attempt', 'error']);
    expect(facts(record, 'error')).toEqual({ errno: 'ECONNREFUSED' });
    expect(facts(record, 'callback', { reason: 'CLIENT_CONNECTION_ERROR' })).toBeDefined();
    expect(record).toMatchObject({ url, error: 'ERR_CONNECTION_REFUSED', worker: 0, lost: 0 });
    expect(Object.keys(error)).not.toContain('flightRecord');
  });

  it('refused at the upgrade: the status, and what the kernel says', async () => {
    const port = await tcpServer((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`));
    expect(error.code).toBe('ERR_UPGRADE_REFUSED');
    expect(facts(error.flightRecord, 'answer')).toEqual({ status: 403 });
    expect(facts(error.flightRecord, 'tcp info')).toMatchObject({ lost: 0, retransmits: 0 });
    expect(names(error.flightRecord)).not.toContain('opened');
  });

  // It answers the first message, so that nothing else of ours is on its way to it then.
  it.each([
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256'],
  ] as const)('the server sends an alert (%s): by name', async (version, theirs, ours) => {
    const identity = await certificate();
    const versions = { minVersion: version, maxVersion: version };
    const port = await tlsServer({ ...identity, ...versions, ciphers: theirs }, () => undefined);
    const tls = { ca: identity.cert, ciphers: ours, ...versions };
    const error = await rejection(own.pool.connect(`wss://localhost:${port}/`, { tls }));
    expect(error.code).toBe('ERR_TLS_HANDSHAKE');
    const messages = error.flightRecord?.events.filter(({ category }) => category === 'tls');
    expect(messages).toMatchObject([
      { direction: 'out', facts: { type: 'handshake', message: 'client_hello' } },
      { direction: 'in', facts: { type: 'alert', level: 'fatal', alert: 'handshake_failure' } },
    ]);
  });

  it('time runs out: how far it got', async () => {
    const port = await tcpServer(() => undefined);
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`, { timeout: 50 }));
    expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    expect(names(error.flightRecord)).toEqual(
      expect.arrayContaining(['connected', 'timeout', 'tcp info']),
    );
  });
});

describe('an opening that the pool gives up', () => {
  it('takes its record along', async () => {
    const pool = await createPool({ threads: 1, flightRecorder: 16 });
    onTestFinished(() => pool.destroy());
    const port = await tcpServer((socket) => socket.once('data', () => void pool.close()));
    const error = await rejection(pool.connect(`ws://127.0.0.1:${port}/`));
    expect(error.code).toBe('ERR_POOL_CLOSED');
    expect(error.flightRecord?.error).toBe('ERR_POOL_CLOSED');
    expect(names(error.flightRecord)).toContain('abandoned');
  });
});

describe('an established connection that fails', () => {
  it('reset: the error number, and the last events before it', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    const end = ending(connection);
    peer.write(frame(1, 'last words'));
    await event(connection, 'message');
    peer.resetAndDestroy();
    const { error } = await end;
    expect(error?.code).toBe('ERR_CONNECTION_LOST');
    expect(facts(error?.flightRecord, 'read')).toEqual({ bytes: 12 });
    expect(facts(error?.flightRecord, 'error')).toEqual({ errno: 'ECONNRESET' });
    expect(facts(error?.flightRecord, 'tcp info')).toMatchObject({ state: 'CLOSE' });
    expect(facts(error?.flightRecord, 'closed')).toEqual({ code: 1006 });
    expect(connection.flightRecord()).toBe(error?.flightRecord);
  });

  it('a peer that breaks the protocol: the code it was told', async () => {
    const { connection, peer } = await open(own.pool, 'wss TLSv1.3');
    const end = ending(connection);
    peer.on('data', () => peer.end());
    peer.write(frame(3, 'no such opcode'));
    const { error } = await end;
    expect(error?.code).toBe('ERR_PROTOCOL');
    const record = error?.flightRecord;
    expect(facts(record, 'secured')).toEqual({ protocol: 'TLSv1.3', resumed: false });
    expect(facts(record, 'error')).toEqual({ code: 1002 });
    expect(facts(record, 'close')).toEqual({ code: 1002 });
    expect(String(record)).toMatch(/ended with ERR_PROTOCOL$/);
  });

  it('a lease that taints it: from the grant to the end', async () => {
    const { connection } = await open(own.pool, 'ws');
    const end = ending(connection);
    const lease = await hold(connection, 'exclusive');
    lease.socket.write(frame(2, 'half', { masked: true }).subarray(0, 4));
    lease.release();
    const { error } = await end;
    expect(error?.code).toBe('ERR_LEASE_TAINTED');
    const list = names(error?.flightRecord).slice(names(error?.flightRecord).indexOf('opened'));
    expect(list.filter((name) => name.startsWith('lease'))).toEqual([
      ...['lease granted', 'lease returned', 'lease tainted'],
    ]);
    expect(facts(error?.flightRecord, 'write')).toEqual({ bytes: 4, by: 'lease' });
  });

  it.each(['exit', 'throw'])('of a worker that crashes: how far it got (%s)', async (way) => {
    const pool = await createPool({ threads: 1, flightRecorder: 32 });
    onTestFinished(() => pool.destroy());
    const url = `ws://127.0.0.1:${await wsServer(echo)}/`;
    const handler = new URL('../fixtures/handlers/dying.mjs', import.meta.url);
    const group = await pool.connectMany(url, { handler, count: 1 });
    const connection = await pool.connect(url);
    let opening: Promise<LwsPoolError> | undefined;
    await new Promise<void>((resolve, reject) => {
      const silent = tcpServer((socket) => socket.once('data', () => resolve()));
      silent.then((port) => {
        opening = rejection(pool.connect(`ws://127.0.0.1:${port}/`));
      }, reject);
    });
    const crashed = event(pool, 'workerCrashed');
    const end = ending(connection);
    const lease = await hold(connection, 'exclusive');
    group.post(way);
    const { error } = await end;
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', details: { worker: 0 } });
    expect(error?.flightRecord).toMatchObject({ id: connection.id, url, error: error?.code });
    expect(names(error?.flightRecord)).toEqual(expect.arrayContaining(['opened', 'lease granted']));
    expect(connection.flightRecord()).toBe(error?.flightRecord);
    expect(names((await opening)?.flightRecord)).toContain('connected');
    expect(((await crashed)[0] as LwsPoolError).flightRecord).toBeUndefined();
    expect(lease.released).toBe(true);
  });

  it('of a pool that is destroyed: the error that was given, and each with its record', async () => {
    const pool = await createPool({ threads: 1, flightRecorder: 32 });
    const url = `ws://127.0.0.1:${await wsServer(echo)}/`;
    const [one, other] = [await pool.connect(url), await pool.connect(url)];
    const cause = new Error('enough');
    await pool.destroy(cause);
    for (const { id, error } of [one, other]) {
      expect(error).toMatchObject({ code: 'ERR_POOL_CLOSED', cause });
      expect(error?.flightRecord?.id).toBe(id);
    }
  });

  it('an error of a group crosses to its handler, and of a handler to the main thread', async () => {
    const port = await afterUpgrade((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const group = await own.pool.connectMany(`ws://127.0.0.1:${port}/`, {
      ...{ handler: HANDLER, count: 1 },
    });
    const [told] = await event(group, 'post');
    expect(told).toMatchObject({ error: 'ERR_CONNECTION_LOST' });
    expect((told as { names: string[] }).names).toEqual(
      expect.arrayContaining(['opened', 'error']),
    );
    await group.closed;
  });
});

describe('on request', () => {
  it('a connection tells what happened so far, with its control frames', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    connection.ping('abc');
    await event(connection, 'pong');
    const record = connection.flightRecord();
    expect(record?.id).toBe(connection.id);
    expect(names(record)).toEqual([
      ...['queued', 'begun', 'attempt', 'connected', 'answer', 'opened'],
      ...['ping', 'write', 'read', 'pong'],
    ]);
    const times = record?.events.map(({ time }) => time) ?? [];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs((times.at(-1) ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(Object.isFrozen(record?.events) && Object.isFrozen(record?.events[0])).toBe(true);
    await connection.close();
    expect(connection.flightRecord()).toBeUndefined();
  });

  it('what the pool and its figures look at is no lease in it', async () => {
    const warnings = { interval: 1, unreadAfter: 50 };
    const pool = await createPool({ threads: 1, flightRecorder: 64, warnings });
    onTestFinished(() => pool.destroy());
    const { connection, peer } = await open(pool, 'ws');
    connection.pause();
    const warning = warned(pool, 'CONNECTION_UNREAD');
    peer.write(frame(1, 'unread'));
    // What waits in the kernel was looked for.
    expect((await warning).details.paused).toBe(true);
    await until(() => connection.stats({ tcp: true }).tcp !== undefined, 'a look');
    expect(names(connection.flightRecord()).filter((name) => name.startsWith('lease'))).toEqual([]);
    connection.terminate();
  });

  it('the ring holds as many as asked for, rounded up', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    for (let i = 0; i < 300; i++) {
      connection.send(`${i}`);
      await event(connection, 'message');
    }
    const record = connection.flightRecord();
    expect(record?.events.length).toBe(256);
    expect(record?.lost).toBeGreaterThan(300);
    expect(String(record)).toMatch(/\n\(\d+ earlier events are lost\)\n/);
    connection.terminate();
  });

  it('a handler asks for the record of its own connection', async () => {
    const port = await wsServer(echo);
    const url = `ws://127.0.0.1:${port}/`;
    const group = await own.pool.connectMany(url, { handler: HANDLER, count: 1 });
    const [told] = (await event(group, 'post')) as [{ names: string[]; url: string }];
    expect(told.url).toBe(url);
    expect(told.names).toEqual(expect.arrayContaining(['opened', 'write', 'read']));
    await group.close();
  });

  it('nothing is recorded where nobody asked for it', async () => {
    const pool = await createPool({ threads: 1 });
    onTestFinished(() => pool.destroy());
    const port = await wsServer(echo);
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    expect(connection.flightRecord()).toBeUndefined();
    expect(await pool.flightRecords()).toEqual([]);
    const error = await rejection(pool.connect(`ws://127.0.0.1:${await freePort()}/`));
    expect(error.flightRecord).toBeUndefined();
    expect(await rejection(pool.writeTrace(join(await folder(), 'trace')))).toMatchObject({
      ...{ code: 'ERR_INVALID_OPTION', details: { option: 'flightRecorder' } },
    });
  });

  it('a worker that hangs is asked all the same', async () => {
    const pool = await createPool({ threads: 1, flightRecorder: 64 });
    onTestFinished(() => pool.destroy());
    const port = await wsServer(echo);
    const data = new Int32Array(new SharedArrayBuffer(8));
    const handler = new URL('../fixtures/handlers/stopping.mjs', import.meta.url);
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`, { handler, data });
    connection.send('block');
    await until(() => Atomics.load(data, 0) === 1);
    expect(names(connection.flightRecord())).toContain('read');
    expect((await pool.flightRecords()).length).toBe(1);
    Atomics.store(data, 1, 1);
    Atomics.notify(data, 1);
    await connection.close();
  });
});

/** What the trace event format asks of each event. */
function checkTrace(events: readonly TraceEvent[]): void {
  for (const one of events) {
    expect(one).toMatchObject({ name: expect.any(String), args: expect.any(Object) });
    for (const number of [one.ts, one.pid, one.tid]) expect(Number.isFinite(number)).toBe(true);
    expect(Number.isInteger(one.pid) && Number.isInteger(one.tid)).toBe(true);
    expect(['X', 'b', 'e', 'i', 'M']).toContain(one.ph);
    if (one.ph === 'X') expect(one.dur).toBeGreaterThanOrEqual(0);
    if (one.ph === 'i') expect(one.s).toBe('t');
    if (one.ph === 'b' || one.ph === 'e') expect(one).toMatchObject({ id: expect.any(String) });
    if (one.ph !== 'M') expect(one.cat).toEqual(expect.any(String));
  }
  // Slices of one row lie beside or inside each other.
  for (const row of new Set(events.map(({ tid }) => tid))) {
    const open: number[] = [];
    for (const { ts, dur = 0 } of events.filter(({ ph, tid }) => ph === 'X' && tid === row)) {
      while (open.length > 0 && (open.at(-1) as number) <= ts) open.pop();
      expect(ts + dur).toBeLessThanOrEqual(open.at(-1) ?? Number.POSITIVE_INFINITY);
      open.push(ts + dur);
    }
  }
}

describe('the trace of a whole pool', () => {
  it('is a file of Chrome trace events, for its owner alone', async () => {
    const pool = await createPool({ threads: 2, flightRecorder: 128, warnings: false });
    onTestFinished(() => pool.destroy());
    const port = await wsServer(echo);
    const url = `ws://127.0.0.1:${port}/`;
    const single = await pool.connect(url);
    const lease = await single.lease('exclusive');
    lease.socket.tcpInfo();
    lease.release();
    const [one, other] = [await single.lease('shared'), await single.lease('shared')];
    one?.release();
    other?.release();
    const group = await pool.connectMany(url, { handler: HANDLER, count: 20 });
    await group.ready;

    expect((await pool.flightRecords()).length).toBe(21);
    const file = join(await folder(), 'trace.json');
    await pool.writeTrace(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { traceEvents } = JSON.parse(await readFile(file, 'utf8')) as {
      traceEvents: TraceEvent[];
    };
    checkTrace(traceEvents);
    expect(traceEvents[0]).toMatchObject({ name: 'process_name', ph: 'M' });
    const rows = traceEvents.filter(({ name }) => name === 'thread_name');
    expect(rows.length).toBe(21);
    expect(rows.every(({ args }) => String(args.name).endsWith(url))).toBe(true);
    const phases = traceEvents.filter(({ cat, ph }) => cat === 'phase' && ph === 'X');
    for (const name of ['queue', 'TCP', 'upgrade', 'open']) {
      expect(phases.filter((phase) => phase.name === name).length, name).toBe(21);
    }
    const leases = traceEvents.filter(({ cat, ph }) => cat === 'lease' && ph !== 'i');
    expect(leases.map(({ ph }) => ph).sort()).toEqual(['X', 'b', 'b', 'e', 'e']);
    checkTrace(single.flightRecord()?.toTraceEvents() ?? []);
  });

  it.each(['close', 'destroy'] as const)('is not written after %s()', async (how) => {
    const pool = await createPool({ threads: 1, flightRecorder: 16 });
    const port = await wsServer(echo);
    await pool.connect(`ws://127.0.0.1:${port}/`);
    await pool[how]();
    const place = await folder();
    for (const asked of [pool.writeTrace(join(place, 'trace')), pool.flightRecords()]) {
      expect((await rejection(asked)).code).toBe('ERR_POOL_CLOSED');
    }
    expect(await readdir(place)).toEqual([]);
  });

  it('is written while connections are being closed', async () => {
    const pool = await createPool({ threads: 1, flightRecorder: 16 });
    onTestFinished(() => pool.destroy());
    const port = await afterUpgrade((socket) => socket.resume());
    await pool.connect(`ws://127.0.0.1:${port}/`);
    void pool.close();
    const file = join(await folder(), 'trace.json');
    await pool.writeTrace(file);
    expect(await readFile(file, 'utf8')).toContain(`:${port}/`);
  });

  it('is not written where it cannot be, and traffic goes on', async () => {
    const place = await folder();
    await writeFile(join(place, 'there'), 'mine');
    for (const name of ['there', 'no/such', '.']) {
      const error = await rejection(own.pool.writeTrace(join(place, name)));
      expect(error).toMatchObject({ code: 'ERR_FILE', details: { file: join(place, name) } });
    }
    expect(await readFile(join(place, 'there'), 'utf8')).toBe('mine');
    expect((await rejection(own.pool.writeTrace(''))).code).toBe('ERR_INVALID_ARGUMENT');
  });

  it('a full disk leaves no half of it behind', async () => {
    const port = await wsServer(echo);
    const program = fileURLToPath(new URL('../fixtures/programs/full-disk.mjs', import.meta.url));
    const file = join(await folder(), 'trace.json');
    const script = 'ulimit -f 8; exec "$0" "$@"';
    const argv = ['-c', script, process.execPath, program, `${port}`, file];
    const { stdout } = await run('sh', argv, { timeout: 60_000 });
    expect(JSON.parse(stdout)).toEqual({ code: 'ERR_FILE', left: false, echoed: 'still here' });
  });
});
