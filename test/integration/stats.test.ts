import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Connection, type ConnectionStats, createPool, type Pool } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { certificate, hold, isWebSocket, message, open, until, WIRES } from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const own = usePool();

const coded = (code: string) => expect.objectContaining({ code });

async function closed(connection: Connection): Promise<ConnectionStats> {
  const close = once(connection, 'close');
  connection.terminate();
  await close;
  return connection.stats();
}

describe.each(WIRES)('the figures of a connection: %s', (wire) => {
  it('say how it was opened, one phase after the other', async () => {
    const before = performance.timeOrigin + performance.now();
    const { connection } = await open(own.pool, wire);
    const after = performance.timeOrigin + performance.now();
    const stats = connection.stats();
    const { requested, resolved, queued, begun, connected, secured, opened } = stats.phases;
    const secure = wire.includes('TLS');
    const times = [requested, resolved, queued, begun, connected, secured ?? connected, opened];
    expect(
      times.every((time) => time !== undefined && time >= before - 1 && time <= after + 1),
    ).toBe(true);
    expect([...times].sort((a, b) => (a as number) - (b as number))).toEqual(times);
    expect(secured !== undefined).toBe(secure);
    expect(stats).toMatchObject({
      id: connection.id,
      worker: connection.worker,
      state: 'open',
      kind: connection.kind,
      secure,
      group: 0,
      attempts: 1,
      messagesReceived: 0,
      messagesSent: 0,
    });
    connection.terminate();
  });

  it('count what is moved, to the byte, and stay when it is closed', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const sizes = [1, 200, 40_000];
    let arrived = 0;
    const take = (data: Buffer) => {
      arrived += data.length;
    };
    if (isWebSocket(wire)) connection.on('message', take);
    else connection.on('data', take);
    for (const size of sizes) connection.send(Buffer.alloc(size));
    await connection.flushed();
    const expected = connection.stats().bytesSent;
    await until(() => received().length === expected);
    const sent = sizes.map((size) => message(wire, Buffer.alloc(size)));
    for (const bytes of sent) peer.write(bytes);
    await until(() => arrived === 40_201);
    const stats = connection.stats();
    expect(stats.bytesReceived).toBe(sent.reduce((sum, { length }) => sum + length, 0));
    expect(stats.messagesSent).toBe(3);
    if (isWebSocket(wire)) expect(stats.messagesReceived).toBe(3);
    expect(stats.queuedBytes).toBe(0);
    expect(stats.queuedBytesMax).toBeGreaterThan(0);
    expect(stats.phases.firstMessage).toBeGreaterThan(stats.phases.opened as number);
    expect(stats.reads).toBeGreaterThan(0);
    expect(stats.writes).toBeGreaterThan(0);
    const last = await closed(connection);
    expect(last).toMatchObject({ state: 'closed', messagesSent: 3, bytesSent: stats.bytesSent });
  });

  it('hold what the kernel and TLS say, where that is asked for and nobody is in the way', async () => {
    const { connection } = await open(own.pool, wire);
    expect(connection.stats().tcp).toBeUndefined();
    const { tcp, tls } = connection.stats({ tcp: true, tls: true });
    expect(tcp?.state).toBe('ESTABLISHED');
    expect(tls?.protocol).toBe(wire.split(' ')[1]);
    const lease = await connection.lease('exclusive');
    expect(connection.stats({ tcp: true }).tcp).toBeUndefined();
    lease.release();
    connection.terminate();
  });
});

it('leases are counted, with how long they were waited for and held', async () => {
  const { connection } = await open(own.pool, 'ws');
  const first = await hold(connection);
  const second = hold(connection);
  setImmediate(() => first.release());
  (await second).release();
  const { leases } = connection.stats();
  expect(leases.count).toBe(2);
  expect(leases.waitMax).toBeGreaterThan(0);
  expect(leases.waitTotal).toBeGreaterThanOrEqual(leases.waitMax);
  expect(leases.holdMax).toBeGreaterThan(0);
  expect(leases.holdTotal).toBeGreaterThanOrEqual(leases.holdMax);
  connection.terminate();
});

it('round trips of pings are measured, each by its own pong', async () => {
  const port = await wsServer(echo);
  const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
  expect(connection.stats().pings.roundTrip).toBeUndefined();
  for (const payload of ['a', 'b', '']) {
    const pong = once(connection, 'pong');
    connection.ping(Buffer.from(payload));
    await pong;
  }
  const { sent, answered, roundTrip } = connection.stats().pings;
  expect([sent, answered]).toEqual([3, 3]);
  const { min, mean, max, last } = roundTrip as NonNullable<typeof roundTrip>;
  expect(min).toBeGreaterThan(0);
  expect(mean).toBeGreaterThanOrEqual(min);
  expect(max).toBeGreaterThanOrEqual(mean);
  expect(last).toBeLessThanOrEqual(max);
  connection.terminate();
});

describe('a pool', () => {
  const handler = fileURLToPath(new URL('../fixtures/handlers/counting.mjs', import.meta.url));

  const using = async (options: Parameters<typeof createPool>[0], use: (pool: Pool) => unknown) => {
    const pool = await createPool(options);
    try {
      await use(pool);
    } finally {
      await pool.close({ timeout: 1000 });
    }
  };

  it('shows all its connections, those of groups included', async () => {
    const port = await wsServer(echo);
    await using({ threads: 2 }, async (pool) => {
      const url = `ws://127.0.0.1:${port}/`;
      const single = await pool.connect(url);
      const group = await pool.connectMany(url, { count: 9, handler });
      await group.ready;
      const stats = pool.stats();
      expect(stats.connections).toEqual({ queued: 0, opening: 0, open: 10, closing: 0, closed: 0 });
      expect(stats.workers.map(({ alive, connections }) => [alive, connections.open])).toEqual([
        [true, expect.any(Number)],
        [true, expect.any(Number)],
      ]);
      expect(stats.each.size).toBe(10);
      expect([...stats.each].filter((row) => row.group === group.id)).toHaveLength(9);
      expect(stats.each.get(single.id)).toEqual(
        stats.each.at([...stats.each].findIndex(({ id }) => id === single.id)),
      );
      expect(stats.each.get('no such')).toBeUndefined();
      expect(stats.each.at(10)).toBeUndefined();
      const opened = stats.each.column('opened');
      expect([...opened]).toEqual([...stats.each].map(({ phases }) => phases.opened));
      for (const wrong of ['bytes', Symbol('bytes'), Object.create(null)]) {
        expect(() => stats.each.column(wrong)).toThrow(coded('ERR_INVALID_ARGUMENT'));
      }
      expect(stats.descriptors.open).toBe(10);
      expect(stats.descriptors.limit).toBeGreaterThan(10);
      group.terminate();
      await group.closed;
      // The copy is of then.
      expect(stats.each.size).toBe(10);
      expect(pool.stats().each.size).toBe(1);
    });
  });

  it('adds up what its workers move, also on connections that have ended', async () => {
    const port = await wsServer(echo);
    await using({ threads: 1 }, async (pool) => {
      for (let i = 0; i < 3; i++) {
        const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
        const answer = once(connection, 'message');
        connection.send('four');
        await answer;
        await connection.close();
      }
      const { messagesReceived, messagesSent, bytesReceived, workers } = pool.stats();
      expect([messagesSent, messagesReceived]).toEqual([3, 3]);
      // Each: a header and the text, and the answer to a close frame without a code.
      expect(bytesReceived).toBe(3 * (2 + 4 + 2));
      const [worker] = workers;
      expect(worker?.turns).toBeGreaterThan(0);
      expect(worker?.busy).toBeGreaterThan(0);
      expect(worker?.turnMax).toBeLessThanOrEqual(worker?.busy as number);
      expect(worker?.memory.heapUsed).toBeGreaterThan(0);
      expect(worker?.utilization).toBeGreaterThan(0);
    });
  });

  it('spreads what is asked for at once over its workers, however they stood before', async () => {
    const port = await wsServer(echo);
    await using({ threads: 2 }, async (pool) => {
      const url = `ws://127.0.0.1:${port}/`;
      await pool.connect(url);
      await Promise.all(Array.from({ length: 39 }, () => pool.connect(url)));
      expect(pool.stats().workers.map(({ connections }) => connections.open)).toEqual([20, 20]);
    });
  });

  it('counts nothing where it is not to, and says so', async () => {
    const { cert } = await certificate();
    const port = await wsServer(echo);
    await using({ threads: 1, stats: false, tls: { ca: cert } }, async (pool) => {
      const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
      const answer = once(connection, 'message');
      connection.send('still works');
      await answer;
      connection.ping();
      await once(connection, 'pong');
      (await connection.lease('exclusive')).release();
      expect(() => connection.stats()).toThrow(coded('ERR_STATS_OFF'));
      expect(() => pool.stats()).toThrow(coded('ERR_STATS_OFF'));
    });
  });

  it('refuses what is no object of options', async () => {
    const { connection } = await open(own.pool, 'tcp');
    for (const options of [null, 'tcp', 1, [], { tcp: 1 }, { udp: true }]) {
      expect(() => connection.stats(options as never)).toThrow(coded('ERR_INVALID_OPTION'));
    }
    connection.terminate();
  });
});
