import { once } from 'node:events';
import https from 'node:https';
import { type ConnectionGroup, createPool, type Pool } from 'lws-pool';
import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type MetricFamily, parseExposition, sumOf } from '../fixtures/exposition.js';
import { certificate, hold, until } from '../fixtures/leases.js';
import { rejection } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const handler = new URL('../fixtures/handlers/dying.mjs', import.meta.url);

const coded = (code: string) => expect.objectContaining({ code });

async function newPool(options: Parameters<typeof createPool>[0] = {}): Promise<Pool> {
  const pool = await createPool({ threads: 1, ...options });
  onTestFinished(() => pool.close({ timeout: 1000 }));
  return pool;
}

const scrape = async (registry: Registry) => parseExposition(await registry.metrics());

/** What went down that may only grow. */
function lower(
  before: ReadonlyMap<string, MetricFamily>,
  after: ReadonlyMap<string, MetricFamily>,
): string[] {
  return [...before].flatMap(([name, { type, series }]) =>
    type === 'gauge'
      ? []
      : series
          .filter((one) => sumOf(after, one.name, one.labels) < one.value)
          .map((one) => `${name} ${JSON.stringify(one.labels)}`),
  );
}

async function crash(pool: Pool, group: ConnectionGroup): Promise<void> {
  const crashed = once(pool, 'workerCrashed');
  group.post('die');
  await crashed;
  await until(() => pool.stats().workers.every(({ alive }) => alive));
}

describe('a registry of prom-client shows a pool', () => {
  it('with all that happened to its connections', async () => {
    const identity = await certificate();
    const port = await wsServer(echo);
    const secure = await wsServer(echo, {}, https.createServer(identity));
    const pool = await newPool({ tls: { ca: identity.cert } });
    const registry = new Registry();
    await pool.metrics(registry);
    const plain = await pool.connect(`ws://127.0.0.1:${port}/`);
    const encrypted = await pool.connect(`wss://localhost:${secure}/`);
    const answer = once(plain, 'message');
    plain.send('four');
    await answer;
    const pong = once(plain, 'pong');
    plain.ping();
    await pong;
    const lease = await hold(plain);
    await expect(pool.connect('ws://127.0.0.1:1/')).rejects.toThrow();
    const held = await scrape(registry);
    const of = (name: string, labels = {}) => sumOf(held, `lws_pool_${name}`, labels);
    expect(of('connections', { state: 'open' })).toBe(2);
    expect(of('connections')).toBe(2);
    expect(of('connections_opened_total', { worker: '0' })).toBe(2);
    expect(of('connect_failures_total', { code: 'ERR_CONNECTION_REFUSED' })).toBe(1);
    expect(of('connect_duration_seconds_count')).toBe(2);
    for (const phase of ['lookup', 'queue', 'tcp', 'upgrade']) {
      expect(of('connect_phase_duration_seconds_count', { phase })).toBe(2);
    }
    expect(of('connect_phase_duration_seconds_count', { phase: 'tls' })).toBe(1);
    const { opened = 0, requested = 0 } = plain.stats().phases;
    const { phases } = encrypted.stats();
    const seconds = opened - requested + (phases.opened ?? 0) - (phases.requested ?? 0);
    expect(of('connect_duration_seconds_sum')).toBeCloseTo(seconds / 1000, 6);
    expect(of('messages_sent_total')).toBe(1);
    expect(of('messages_received_total')).toBe(1);
    expect(of('bytes_received_total')).toBe(2 + 4 + 2);
    expect(of('ping_round_trip_seconds_count')).toBe(1);
    expect(of('ping_round_trip_seconds_sum')).toBeCloseTo(
      (plain.stats().pings.roundTrip?.last ?? 0) / 1000,
      9,
    );
    expect(of('leases_held')).toBe(1);
    expect(of('lease_wait_seconds_count')).toBe(1);
    expect(of('descriptors_open')).toBe(2);
    expect(of('descriptors_limit')).toBeGreaterThan(2);
    expect(of('worker_up')).toBe(1);
    expect(of('worker_heap_used_bytes')).toBeGreaterThan(1e6);
    expect(of('worker_busy_seconds_total')).toBeGreaterThan(0);
    expect(of('worker_loop_active_seconds_total')).toBeGreaterThan(0);
    lease.release();
    await plain.close();
    const gone = once(encrypted, 'close');
    encrypted.terminate();
    await gone;
    const after = await scrape(registry);
    expect(lower(held, after)).toEqual([]);
    expect(sumOf(after, 'lws_pool_connections')).toBe(0);
    expect(sumOf(after, 'lws_pool_leases_held')).toBe(0);
    expect(sumOf(after, 'lws_pool_lease_hold_seconds_count')).toBe(1);
    const codes = after.get('lws_pool_connections_closed_total')?.series;
    expect(codes?.map(({ labels, value }) => [labels.code, value])).toEqual([
      ['1005', 1],
      ['1006', 1],
    ]);
  });

  it('with connections of groups that opened and closed between two looks, once each', async () => {
    const port = await wsServer(echo);
    const pool = await newPool({ threads: 2 });
    const registry = new Registry();
    await pool.metrics(registry);
    for (let round = 1; round <= 3; round++) {
      const group = await pool.connectMany(`ws://127.0.0.1:${port}/`, { count: 10, handler });
      await group.ready;
      await group.close(4000);
      const seen = await scrape(registry);
      const of = (name: string, labels = {}) => sumOf(seen, `lws_pool_${name}`, labels);
      expect(of('connections')).toBe(0);
      expect(of('connections_opened_total')).toBe(10 * round);
      expect(of('connections_closed_total', { code: '4xxx' })).toBe(10 * round);
      expect(of('connect_phase_duration_seconds_count', { phase: 'upgrade' })).toBe(10 * round);
      expect(of('connect_phase_duration_seconds_count', { phase: 'lookup' })).toBe(0);
      expect(of('lease_wait_seconds_count')).toBe(10 * round);
      expect(of('lease_hold_seconds_count')).toBe(10 * round);
    }
  });

  it('and its counters go on where a worker crashed and began anew', async () => {
    const port = await wsServer(echo);
    const pool = await newPool();
    const registry = new Registry();
    await pool.metrics(registry);
    let before = await scrape(registry);
    for (let crashes = 1; crashes <= 2; crashes++) {
      const single = await pool.connect(`ws://127.0.0.1:${port}/`);
      const group = await pool.connectMany(`ws://127.0.0.1:${port}/`, { count: 5, handler });
      await Promise.all([group.ready, once(group, 'post')]);
      const busy = await scrape(registry);
      expect(lower(before, busy)).toEqual([]);
      await crash(pool, group);
      expect(single.error?.code).toBe('ERR_WORKER_CRASHED');
      const after = await scrape(registry);
      expect(lower(busy, after)).toEqual([]);
      const of = (name: string, labels = {}) => sumOf(after, `lws_pool_${name}`, labels);
      expect(of('worker_crashes_total', { worker: '0' })).toBe(crashes);
      expect(of('connections_opened_total')).toBe(6 * crashes);
      expect(of('connections_closed_total', { code: '1006' })).toBe(6 * crashes);
      expect(of('connection_errors_total', { code: 'ERR_WORKER_CRASHED' })).toBe(6 * crashes);
      expect(of('connections')).toBe(0);
      expect(of('leases_held')).toBe(0);
      before = after;
    }
  });

  it('beside another one, until each is closed', async () => {
    const [first, second] = [await newPool(), await newPool()];
    const registry = new Registry();
    await first.metrics(registry, { labels: { pool: 'a "quoted"\nname\\' } });
    await expect(
      second.metrics(registry, { labels: { pool: 'a "quoted"\nname\\' } }),
    ).rejects.toEqual(coded('ERR_INVALID_ARGUMENT'));
    await second.metrics(registry, { labels: { pool: 'b' } });
    const pools = async () =>
      (await scrape(registry)).get('lws_pool_worker_up')?.series.map(({ labels }) => labels.pool);
    expect(await pools()).toEqual(['a "quoted"\nname\\', 'b']);
    await first.close();
    expect(await pools()).toEqual(['b']);
    await second.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
    await expect(second.metrics(registry)).rejects.toEqual(coded('ERR_POOL_CLOSED'));
  });

  it('until it is taken out, and again when it is put back or the registry was cleared', async () => {
    const pool = await newPool();
    const registry = new Registry();
    const remove = await pool.metrics(registry);
    await expect(pool.metrics(registry, { labels: { again: 'no' } })).rejects.toEqual(
      coded('ERR_INVALID_ARGUMENT'),
    );
    remove();
    remove();
    expect(registry.getMetricsAsArray()).toEqual([]);
    const removeAgain = await pool.metrics(registry);
    registry.clear();
    removeAgain();
    await pool.metrics(registry);
    registry.resetMetrics();
    expect(sumOf(await scrape(registry), 'lws_pool_worker_up')).toBe(1);
    const other = new Registry();
    await pool.metrics(other);
    expect(sumOf(await scrape(other), 'lws_pool_worker_up')).toBe(1);
  });

  it('as OpenMetrics, and added up over processes', async () => {
    const port = await wsServer(echo);
    const pool = await newPool();
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    registry.setDefaultLabels({ service: 'feed' });
    await pool.metrics(registry);
    await pool.connect(`ws://127.0.0.1:${port}/`);
    for (let look = 0; look < 2; look++) {
      const text = await registry.metrics();
      expect(text).toContain('# TYPE lws_pool_connections_opened counter');
      expect(text).toContain('lws_pool_connections_opened_total{worker="0",service="feed"} 1');
      expect(text.endsWith('# EOF\n')).toBe(true);
    }
    const json = await registry.getMetricsAsJSON();
    const both = AggregatorRegistry.aggregate([json, json] as never);
    expect(await both.getSingleMetricAsString('lws_pool_messages_sent')).toContain('} 0');
    const opened = (await both.getMetricsAsJSON()).find(({ name }) =>
      name.startsWith('lws_pool_connections_opened'),
    );
    expect(opened).toMatchObject({ values: [{ value: 2 }] });
  });
});

describe('what cannot be shown is refused', () => {
  it('where it is no registry, or a name is taken', async () => {
    const pool = await newPool();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const registry of [undefined, null, 'registry', {}, { registerMetric: () => 1 }, proxy]) {
      await expect(pool.metrics(registry as never)).rejects.toEqual(coded('ERR_INVALID_ARGUMENT'));
    }
    const registry = new Registry();
    new Counter({ name: 'lws_pool_bytes_sent_total', help: 'mine', registers: [registry] });
    await expect(pool.metrics(registry)).rejects.toEqual(coded('ERR_INVALID_ARGUMENT'));
    expect(registry.getMetricsAsArray()).toHaveLength(1);
  });

  it.each([
    ['getSingleMetric', 1],
    ['getSingleMetric', 40],
    ['registerMetric', 1],
    ['registerMetric', 7],
  ] as const)('where %s() throws (call %i), and nothing is left in it', async (name, call) => {
    const pool = await newPool();
    const registry = new Registry();
    const thrown = new Error('meant to fail');
    let calls = 0;
    const original = registry[name].bind(registry) as (value: unknown) => unknown;
    Object.assign(registry, {
      [name](value: unknown) {
        if (++calls === call) throw thrown;
        return original(value);
      },
    });
    const error = await rejection(pool.metrics(registry));
    expect(error).toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      details: { argument: 'registry' },
    });
    expect(error.cause).toBe(thrown);
    expect(registry.getMetricsAsArray()).toEqual([]);
    // It was the only time.
    await pool.metrics(registry);
    expect(registry.getMetricsAsArray().length).toBeGreaterThan(20);
  });

  it('where it throws at the end: all else is out, and the pool is closed', async () => {
    const registry = new Registry();
    const thrown = new Error('meant to fail');
    const original = registry.removeSingleMetric.bind(registry);
    registry.removeSingleMetric = (name) => {
      if (name === 'lws_pool_worker_up') throw thrown;
      original(name);
    };
    const [one, other] = [await newPool(), await newPool()];
    const remove = await one.metrics(registry);
    expect(remove).toThrow(coded('ERR_INVALID_ARGUMENT'));
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['lws_pool_worker_up']);
    await other.metrics(registry);
    await other.close();
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['lws_pool_worker_up']);
  });

  it('where its options are wrong', async () => {
    const pool = await newPool();
    const options = { labels: { worker: 'x' } };
    await expect(pool.metrics(new Registry(), options)).rejects.toEqual(
      coded('ERR_INVALID_OPTION'),
    );
  });

  it('where nothing is counted', async () => {
    const pool = await newPool({ stats: false });
    await expect(pool.metrics(new Registry())).rejects.toEqual(coded('ERR_STATS_OFF'));
  });
});
