import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeSync } from 'node:fs';
import {
  type PerformanceEntry,
  type PerformanceMeasure,
  PerformanceObserver,
} from 'node:perf_hooks';
import { createPool, type DiagnosticsMessages } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hold, open, until } from '../fixtures/leases.js';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { echo, freePort, tcpServer, wsServer } from '../fixtures/servers.js';
import { warned } from '../fixtures/warnings.js';

type Name = keyof DiagnosticsMessages;
type Published = { [N in Name]: { name: N; message: DiagnosticsMessages[N] } }[Name];

/** What is published on these channels until the test is over. */
function listening(...names: Name[]): Published[] {
  const published: Published[] = [];
  for (const name of names) {
    const onMessage = (message: unknown) => published.push({ name, message } as Published);
    subscribe(name, onMessage);
    onTestFinished(() => void unsubscribe(name, onMessage));
  }
  return published;
}

const CONNECTION = [
  'lws-pool:connection:start',
  'lws-pool:connection:opened',
  'lws-pool:connection:failed',
  'lws-pool:connection:closed',
] as const;
const LEASE = [
  'lws-pool:lease:requested',
  'lws-pool:lease:granted',
  'lws-pool:lease:failed',
  'lws-pool:lease:released',
  'lws-pool:lease:expired',
  'lws-pool:lease:revoked',
  'lws-pool:lease:detached',
] as const;

const short = ({ name }: Published) => name.slice('lws-pool:'.length);

describe('connections', () => {
  const own = usePool();

  it('that open and close', async () => {
    const port = await wsServer(echo);
    const published = listening(...CONNECTION);
    const url = `ws://127.0.0.1:${port}/`;
    const before = performance.timeOrigin + performance.now();
    const connection = await own.pool.connect(url);
    const closed = event(connection, 'close');
    await connection.close(1000, 'done');
    await closed;
    expect(published.map(short)).toEqual([
      ...['connection:start', 'connection:opened', 'connection:closed'],
    ]);
    const [start, opened, end] = published.map(({ message }) => message) as [
      DiagnosticsMessages['lws-pool:connection:start'],
      DiagnosticsMessages['lws-pool:connection:opened'],
      DiagnosticsMessages['lws-pool:connection:closed'],
    ];
    expect(start.attempt).toMatchObject({ url, kind: 'ws', secure: false });
    expect(start.attempt.at).toBeGreaterThanOrEqual(before - 1);
    expect(opened.attempt).toBe(start.attempt);
    expect(opened.connection).toBe(connection);
    expect(opened.duration).toBeGreaterThan(0);
    expect(end).toEqual({ connection, code: 1000, reason: 'done', error: undefined });
  });

  it('that fail, or are cut off', async () => {
    const published = listening(...CONNECTION);
    const error = await rejection(own.pool.connect(`tcp://127.0.0.1:${await freePort()}`));
    expect(published.map(short)).toEqual(['connection:start', 'connection:failed']);
    expect(published[1]?.message).toMatchObject({ error, attempt: { kind: 'raw' } });
    const port = await tcpServer((peer) => peer.resetAndDestroy());
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
    if (connection.readyState !== 3) await event(connection, 'close');
    expect(published.map(short).slice(2)).toEqual([
      ...['connection:start', 'connection:opened', 'connection:closed'],
    ]);
    expect(published.at(-1)?.message).toMatchObject({ connection, error: connection.error });
  });

  it('of groups are published in their workers', async () => {
    const port = await wsServer(echo);
    const published = listening(...CONNECTION);
    const group = await own.pool.connectMany(`ws://127.0.0.1:${port}/`, {
      count: 2,
      handler: new URL('../fixtures/handlers/subscribing.mjs', import.meta.url),
    });
    const told: string[] = [];
    group.on('post', (name) => told.push(String(name)));
    await group.ready;
    await group.close();
    await until(() => told.length === 4);
    const [opened, closed] = ['lws-pool:connection:opened', 'lws-pool:connection:closed'];
    expect(told).toEqual([opened, opened, closed, closed]);
    expect(published).toEqual([]);
  });
});

describe('leases', () => {
  const own = usePool();

  it('that are free, waited for, and released', async () => {
    const { connection } = await open(own.pool, 'ws');
    const published = listening(...LEASE);
    const first = await hold(connection, 'exclusive', { label: 'first' });
    const second = hold(connection, 'shared', { label: 'second' });
    const third = rejection(hold(connection, 'shared', { label: 'third', timeout: 5 }));
    const error = await third;
    first.release();
    const lease = await second;
    lease.release();
    lease.release();
    connection.terminate();
    expect(published.map((one) => [short(one), (one.message as { label: string }).label])).toEqual([
      ['lease:granted', 'first'],
      ['lease:requested', 'second'],
      ['lease:requested', 'third'],
      ['lease:failed', 'third'],
      ['lease:released', 'first'],
      ['lease:granted', 'second'],
      ['lease:released', 'second'],
    ]);
    expect(published[0]?.message).toMatchObject({
      ...{ connection, mode: 'exclusive', token: first.token, waited: 0 },
    });
    expect(published[3]?.message).toMatchObject({ error, waited: expect.closeTo(5, -3) });
    expect(published[4]?.message).toMatchObject({ token: first.token });
    expect(published[4]?.message).toHaveProperty('held', expect.any(Number));
    expect(published[5]?.message).toMatchObject({ mode: 'shared', token: lease.token });
    const granted = published[5]?.message as DiagnosticsMessages['lws-pool:lease:granted'];
    expect(granted.waited).toBeGreaterThan(0);
  });

  it('that expire, are revoked, and are detached', async () => {
    const published = listening(...LEASE.slice(3));
    const expiring = await open(own.pool, 'ws');
    const lease = await hold(expiring.connection, 'exclusive', { maxHold: 5 });
    await new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
    await hold(expiring.connection);
    expiring.connection.terminate();
    const detaching = await open(own.pool, 'tcp');
    const held = await hold(detaching.connection);
    const closed = event(detaching.connection, 'close');
    closeSync(held.detach().fd);
    await closed;
    expect(published.map(short)).toEqual(['lease:expired', 'lease:revoked', 'lease:detached']);
  });
});

describe('workers and warnings', () => {
  it('are told of with their pool', async () => {
    const published = listening(
      ...(['lws-pool:worker:started', 'lws-pool:worker:crashed', 'lws-pool:warning'] as const),
    );
    const pool = await createPool({ threads: 2, warnings: { interval: 5, unreadAfter: 5 } });
    expect(published.map(short)).toEqual(['worker:started', 'worker:started']);
    expect(published.map(({ message }) => (message as { worker: number }).worker).sort()).toEqual([
      ...[0, 1],
    ]);
    const port = await wsServer((peer) => peer.send('hello'));
    const warning = warned(pool, 'CONNECTION_UNREAD');
    await pool.connect(`ws://127.0.0.1:${port}/`);
    const told = await warning;
    expect(published[2]).toEqual({ name: 'lws-pool:warning', message: { pool, warning: told } });
    const crashed = event(pool, 'workerCrashed');
    await pool
      .connectMany(`ws://127.0.0.1:${port}/`, {
        count: 1,
        handler: new URL('../fixtures/handlers/exiting.mjs', import.meta.url),
      })
      .catch(() => undefined);
    const [error] = await crashed;
    expect(published[3]).toEqual({
      name: 'lws-pool:worker:crashed',
      message: { pool, worker: error.details.worker, error },
    });
    await until(() => published.length === 5);
    expect(published[4]).toMatchObject({
      name: 'lws-pool:worker:started',
      message: { worker: error.details.worker },
    });
    await pool.destroy();
  });
});

it('channels that nobody subscribed to have no subscribers, and nothing is measured', async () => {
  for (const name of [...CONNECTION, ...LEASE]) expect(channel(name).hasSubscribers).toBe(false);
  const pool = await createPool({ threads: 1 });
  const { connection } = await open(pool, 'ws');
  await connection.withLease('exclusive', () => undefined);
  await pool.destroy();
  expect(performance.getEntriesByType('measure')).toEqual([]);
});

describe('user timing', () => {
  it('measures opening, and leases that are waited for and held', async () => {
    const pool = await createPool({ threads: 1, userTiming: true });
    const parts = ['lookup', 'queue', 'tcp', 'tls', 'upgrade'].map((part) => `connect:${part}`);
    const names = [...parts, 'connect', 'lease:wait', 'lease:hold'];
    const measures = new Map<string, PerformanceEntry>();
    const all = new Promise<void>((resolve) => {
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (entry.name.startsWith('lws-pool:')) measures.set(entry.name.slice(9), entry);
        }
        if (!names.every((name) => measures.has(name))) return;
        observer.disconnect();
        resolve();
      });
      observer.observe({ entryTypes: ['measure'] });
    });
    const { connection } = await open(pool, 'wss TLSv1.3');
    const first = await hold(connection);
    const second = hold(connection);
    first.release();
    (await second).release();
    await all;
    const of = (name: string) => measures.get(name) as PerformanceMeasure;
    const id = connection.id;
    expect(of('connect').detail).toMatchObject({ connection: id, worker: 0, url: connection.url });
    for (const part of parts) {
      expect(of(part).duration).toBeGreaterThanOrEqual(0);
      // The clocks of a thread and of the system are a fraction of a millisecond apart.
      expect(of(part).startTime).toBeGreaterThanOrEqual(of('connect').startTime - 1);
      expect(of('connect').duration).toBeGreaterThanOrEqual(of(part).duration - 1);
    }
    expect(of('lease:wait').detail).toMatchObject({ connection: id, mode: 'exclusive' });
    expect(of('lease:hold').duration).toBeGreaterThan(0);
    await rejection(pool.connect(`tcp://127.0.0.1:${await freePort()}`));
    const failed = performance.getEntriesByName('lws-pool:connect').at(-1) as PerformanceMeasure;
    expect(failed.detail).toMatchObject({ error: 'ERR_CONNECTION_REFUSED' });
    await pool.destroy();
    for (const name of names) performance.clearMeasures(`lws-pool:${name}`);
  });
});
