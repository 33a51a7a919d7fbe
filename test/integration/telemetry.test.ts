import { once } from 'node:events';
import https from 'node:https';
import { diag, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { createPool, type Pool } from 'lws-pool';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { certificate, hold } from '../fixtures/leases.js';
import { rejection } from '../fixtures/pool.js';
import { echo, tcpServer, wsServer } from '../fixtures/servers.js';
import { telemetry } from '../fixtures/telemetry.js';

const coded = (code: string) => expect.objectContaining({ code });

async function newPool(options: Parameters<typeof createPool>[0] = {}): Promise<Pool> {
  const pool = await createPool({ threads: 1, ...options });
  onTestFinished(() => pool.close({ timeout: 1000 }));
  return pool;
}

const milliseconds = ([seconds, nanoseconds]: readonly [number, number]) =>
  seconds * 1e3 + nanoseconds / 1e6;

describe('spans', () => {
  it('of an opening have its phases', async () => {
    const identity = await certificate();
    const port = await wsServer(echo, {}, https.createServer(identity));
    const pool = await newPool({ tls: { ca: identity.cert } });
    const { spans, meterProvider, tracerProvider } = telemetry();
    await pool.telemetry({ meterProvider, tracerProvider, attributes: { 'pool.name': 'a' } });
    const connection = await pool.connect(`wss://localhost:${port}/secret?token=1`);
    const [span, ...others] = spans();
    expect(others).toEqual([]);
    expect(span).toMatchObject({ name: 'lws_pool.connect', kind: SpanKind.CLIENT });
    expect(span?.attributes).toEqual({
      'pool.name': 'a',
      'url.scheme': 'wss',
      'network.transport': 'tcp',
      'network.protocol.name': 'websocket',
      'server.address': 'localhost',
      'server.port': port,
      'network.peer.address': '127.0.0.1',
      'network.peer.port': port,
      'tls.protocol.name': 'tls',
      'tls.protocol.version': '1.3',
      'lws_pool.connection.id': connection.id,
      'lws_pool.worker': '0',
    });
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    const { phases, leases } = connection.stats();
    // Looking for the version of TLS is no lease of anybody.
    expect(leases.count).toBe(0);
    expect(span?.events.map(({ name }) => name)).toEqual([
      'lookup',
      'queue',
      'tcp',
      'tls',
      'upgrade',
    ]);
    const [, , tcp = 0, tls = 0, upgrade = 0] =
      span?.events.map(({ time }) => milliseconds(time as [number, number])) ?? [];
    // Each look at the clocks gives them another offset, by very little.
    const { connected = 0, secured = 0, opened = 0 } = phases;
    expect(tls - tcp).toBeCloseTo(secured - connected, 2);
    expect(upgrade - tcp).toBeCloseTo(opened - connected, 2);
    expect(milliseconds(span?.endTime as [number, number])).toBeCloseTo(upgrade, 2);
    expect(milliseconds(span?.startTime as [number, number])).toBeLessThanOrEqual(tcp);
  });

  it('of what failed say why, and those of raw connections what they have', async () => {
    const port = await tcpServer(() => undefined);
    const pool = await newPool();
    const { spans, meterProvider, tracerProvider } = telemetry();
    await pool.telemetry({ meterProvider, tracerProvider });
    const error = await rejection(pool.connect('ws://127.0.0.1:1/'));
    await pool.connect(`tcp://127.0.0.1:${port}`);
    const [failed, raw] = spans();
    expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR, message: error.message });
    expect(failed?.attributes).toMatchObject({
      'error.type': 'ERR_CONNECTION_REFUSED',
      'server.port': 1,
    });
    expect(raw?.attributes['url.scheme']).toBe('tcp');
    expect(raw?.events.map(({ name }) => name)).toEqual(['lookup', 'queue', 'tcp', 'upgrade']);
    expect(raw?.attributes).not.toHaveProperty('tls.protocol.version');
  });

  it('of leases last from asking to giving back', async () => {
    const port = await wsServer(echo);
    const pool = await newPool();
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    const { spans, meterProvider, tracerProvider } = telemetry();
    const end = await pool.telemetry({ meterProvider, tracerProvider });
    const first = await hold(connection, 'exclusive', { label: 'mine' });
    const second = hold(connection, 'shared');
    const third = await rejection(hold(connection, 'exclusive', { timeout: 1 }));
    expect(third.code).toBe('ERR_LEASE_TIMEOUT');
    first.release();
    (await second).release();
    connection.tryLease('shared')?.release();
    expect(
      spans().map(({ name, attributes, events, status }) => [
        name,
        attributes['lws_pool.lease.mode'],
        attributes['lws_pool.lease.label'],
        attributes['lws_pool.lease.end'] ?? attributes['error.type'],
        events.length,
        status.code,
      ]),
    ).toEqual([
      ['lws_pool.lease', 'exclusive', undefined, 'ERR_LEASE_TIMEOUT', 0, SpanStatusCode.ERROR],
      ['lws_pool.lease', 'exclusive', 'mine', 'released', 1, SpanStatusCode.UNSET],
      ['lws_pool.lease', 'shared', undefined, 'released', 1, SpanStatusCode.UNSET],
      ['lws_pool.lease', 'shared', undefined, 'released', 1, SpanStatusCode.UNSET],
    ]);
    end();
    connection.tryLease('shared')?.release();
    expect(spans()).toHaveLength(4);
  });
});

describe('instruments', () => {
  it('are observed when they are collected, until the pool is closed', async () => {
    const port = await wsServer(echo);
    const pool = await newPool();
    const { metrics, meterProvider, tracerProvider } = telemetry();
    await pool.telemetry({ meterProvider, tracerProvider, attributes: { 'pool.name': 'a' } });
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    await rejection(pool.connect('ws://127.0.0.1:1/'));
    const answer = once(connection, 'message');
    connection.send('four');
    await answer;
    (await connection.lease('shared')).release();
    const seen = await metrics();
    const points = (name: string) =>
      seen.get(`lws_pool.${name}`)?.dataPoints.map(({ attributes, value }) => [attributes, value]);
    const own = { 'pool.name': 'a' };
    expect(points('connection.count')).toContainEqual([
      { ...own, 'lws_pool.worker': '0', 'lws_pool.connection.state': 'open' },
      1,
    ]);
    expect(points('message.received')).toEqual([[{ ...own, 'lws_pool.worker': '0' }, 1]]);
    expect(seen.get('lws_pool.io.received')?.descriptor.unit).toBe('By');
    expect(points('connection.failures')).toEqual([
      [{ ...own, 'error.type': 'ERR_CONNECTION_REFUSED' }, 1],
    ]);
    expect(points('connection.duration')).toEqual([
      [own, expect.objectContaining({ count: 1 })],
      [{ ...own, 'error.type': 'ERR_CONNECTION_REFUSED' }, expect.objectContaining({ count: 1 })],
    ]);
    expect(points('connection.phase.duration')?.map(([labels]) => labels)).toEqual(
      ['lookup', 'queue', 'tcp', 'upgrade'].map((phase) => ({
        ...own,
        'lws_pool.connection.phase': phase,
      })),
    );
    expect(points('lease.hold')).toEqual([[own, expect.objectContaining({ count: 1 })]]);
    await connection.close();
    expect((await metrics()).get('lws_pool.connection.closed')?.dataPoints).toMatchObject([
      { attributes: { ...own, 'lws_pool.connection.close_code': '1005' }, value: 1 },
    ]);
    const meter = meterProvider.getMeter('lws-pool');
    const observe = vi.spyOn(meter, 'removeBatchObservableCallback');
    await pool.close();
    expect(observe).toHaveBeenCalledOnce();
    await expect(pool.telemetry()).rejects.toEqual(coded('ERR_POOL_CLOSED'));
  });

  it('cost nothing but themselves where the application registered no provider', async () => {
    const port = await wsServer(echo);
    const pool = await newPool();
    const end = await pool.telemetry();
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    (await connection.lease('exclusive')).release();
    end();
    end();
  });

  it('that throw harm nothing', async () => {
    const port = await wsServer(echo);
    const pool = await newPool();
    const errors: unknown[] = [];
    const log = (...said: unknown[]) => void errors.push(said);
    diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log });
    onTestFinished(() => diag.disable());
    const { meterProvider } = telemetry();
    const startSpan = () => {
      throw new Error('meant to fail');
    };
    await pool.telemetry({ meterProvider, tracerProvider: { getTracer: () => ({ startSpan }) } });
    const before = errors.length;
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    (await connection.lease('exclusive')).release();
    expect(errors.length - before).toBe(2);
  });
});

describe('a provider that throws', () => {
  const thrown = new Error('meant to fail');
  const throwing = () => {
    throw thrown;
  };

  it('when it is asked is refused with what it threw, and the pool goes on without', async () => {
    const port = await wsServer(echo);
    const pool = await newPool();
    const { meterProvider, spans, metrics } = telemetry();
    // In order: the tracer, the meter, instruments, and the callback that observes them.
    const meter = meterProvider.getMeter('test');
    const histogram = Object.assign(Object.create(meter), { createHistogram: throwing });
    const counter = Object.assign(Object.create(meter), { createObservableCounter: throwing });
    const callback = Object.assign(Object.create(meter), { addBatchObservableCallback: throwing });
    for (const [option, provider] of [
      ['tracerProvider', { getTracer: throwing }],
      ['meterProvider', { getMeter: throwing }],
      ['meterProvider', { getMeter: () => histogram }],
      ['meterProvider', { getMeter: () => counter }],
      ['meterProvider', { getMeter: () => callback }],
    ] as const) {
      const error = await rejection(pool.telemetry({ [option]: provider }));
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', details: { option } });
      expect(error.cause).toBe(thrown);
      expect(error.message).toContain('meant to fail');
    }
    await pool.connect(`ws://127.0.0.1:${port}/`);
    expect(spans()).toEqual([]);
    expect([...(await metrics())]).toEqual([]);
    await pool.telemetry({ meterProvider });
    expect((await metrics()).size).toBeGreaterThan(0);
  });

  it('when it is to end is logged, and the pool is closed', async () => {
    const errors: unknown[] = [];
    const log = (...said: unknown[]) => void errors.push(said.at(-1));
    diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log });
    onTestFinished(() => diag.disable());
    const { meterProvider } = telemetry();
    const meter = Object.assign(Object.create(meterProvider.getMeter('test')), {
      removeBatchObservableCallback: throwing,
    });
    const [one, other] = [await newPool(), await newPool()];
    const end = await one.telemetry({ meterProvider: { getMeter: () => meter } });
    await other.telemetry({ meterProvider: { getMeter: () => meter } });
    errors.length = 0;
    end();
    await other.close();
    expect(errors).toEqual([thrown, thrown]);
  });
});

it('what cannot be told is refused', async () => {
  const pool = await newPool({ stats: false });
  await expect(pool.telemetry()).rejects.toEqual(coded('ERR_STATS_OFF'));
  await expect(pool.telemetry({ meterProvider: {} as never })).rejects.toEqual(
    coded('ERR_INVALID_OPTION'),
  );
});
