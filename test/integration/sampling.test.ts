import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Connection, createPool, type Pool, type SampleField } from 'lws-pool';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { hold, until } from '../fixtures/leases.js';
import { rejection } from '../fixtures/pool.js';
import { echo } from '../fixtures/servers.js';

const INTERVAL = 10;
const handler = fileURLToPath(new URL('../fixtures/handlers/counting.mjs', import.meta.url));
const coded = (code: string) => expect.objectContaining({ code });

let server: WebSocketServer;
let pool: Pool;
let url: string;
let connections: Connection[];
beforeAll(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', echo);
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  pool = await createPool({ threads: 2 });
  connections = await Promise.all(Array.from({ length: 5 }, () => pool.connect(url)));
  await (await pool.connectMany(url, { count: 3, handler })).ready;
});
afterAll(async () => {
  await pool.close({ timeout: 1000 });
  server.close();
});

async function next(options: Parameters<Pool['sample']>[0]) {
  const samples = pool.sample({ interval: INTERVAL, ...options });
  const { value } = await samples.next();
  await samples.return?.();
  if (value === undefined) throw new Error('no sample came');
  return value;
}

describe('pool.sample()', () => {
  it('gives one column for each figure, of all connections, and says whose it is', async () => {
    const [connection] = connections as [Connection];
    const answer = once(connection, 'message');
    connection.send('twelve bytes');
    await answer;
    const sample = await next({});
    expect(sample.size).toBe(8);
    const ids = Array.from({ length: sample.size }, (_, row) => sample.id(row));
    expect(ids).toEqual(expect.arrayContaining(connections.map(({ id }) => id)));
    expect(new Set(ids).size).toBe(8);
    expect(sample.id(8)).toBeUndefined();
    const row = ids.indexOf(connection.id);
    const { messagesSent, bytesReceived, phases } = connection.stats();
    expect(sample.column('messagesSent')[row]).toBe(messagesSent);
    expect(sample.column('bytesReceived')[row]).toBe(bytesReceived);
    expect(sample.column('opened')[row]).toBeCloseTo(phases.opened as number, 0);
    expect(sample.fields.includes('rtt')).toBe(false);
    for (const wrong of ['rtt', Symbol('rtt'), Object.create(null)]) {
      expect(() => sample.column(wrong)).toThrow(coded('ERR_INVALID_ARGUMENT'));
    }
    for (const wrong of [0.5, 1n, '0', Symbol('0'), Object.create(null)]) {
      expect(sample.id(wrong as never)).toBeUndefined();
    }
  });

  it('reads TCP_INFO in the workers, and leaves out what is leased exclusively', async () => {
    const [connection] = connections as [Connection];
    const whole = await next({ tcpInfo: true });
    expect([...whole.column('rtt')].every((rtt) => rtt > 0 && rtt < 10_000)).toBe(true);
    expect([...whole.column('sampled')].every((at) => at > whole.at - 60_000)).toBe(true);
    const fresh = await pool.connect(url);
    const lease = await hold(fresh);
    const part = await next({ fields: ['rtt', 'sndMss'] });
    const row = Array.from({ length: part.size }, (_, at) => part.id(at)).indexOf(fresh.id);
    expect(part.fields).toEqual(['rtt', 'sndMss']);
    expect(part.column('rtt')[row]).toBeNaN();
    expect([...part.column('rtt')].filter(Number.isNaN)).toHaveLength(1);
    lease.release();
    expect((await next({ tcpInfo: true })).column('rtt')[row]).toBeGreaterThan(0);
    const shared = await connection.lease('shared');
    expect([...(await next({ fields: ['unread'] })).column('unread')].some(Number.isNaN)).toBe(
      false,
    );
    shared.release();
    await fresh.close();
  });

  it('says what waits to be read', async () => {
    const [, connection] = connections as [Connection, Connection];
    connection.pause();
    await connection.flushed();
    connection.send(Buffer.alloc(1000));
    await until(() => connection.stats({ tcp: true }).tcp?.state === 'ESTABLISHED');
    let unread = 0;
    for await (const sample of pool.sample({ interval: INTERVAL, fields: ['unread'] })) {
      unread = Math.max(...sample.column('unread'));
      if (unread > 0) break;
    }
    expect(unread).toBe(4 + 1000);
    connection.resume();
  });

  it('comes again and again, and ends with its signal', async () => {
    const abort = new AbortController();
    const times: number[] = [];
    for await (const sample of pool.sample({ interval: INTERVAL, signal: abort.signal })) {
      times.push(sample.at);
      if (times.length === 3) abort.abort();
    }
    expect(times).toHaveLength(3);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    const none = pool.sample({ signal: AbortSignal.abort() });
    expect(await none.next()).toEqual({ done: true, value: undefined });
  });

  it('several do not get into each other’s way, and end with the pool', async () => {
    const other = await createPool({ threads: 1 });
    await other.connect(url);
    const samples = [
      other.sample({ tcpInfo: true, interval: INTERVAL }),
      other.sample({ interval: INTERVAL }),
    ];
    for (const each of samples) expect((await each.next()).value?.size).toBe(1);
    await other.close();
    for (const each of samples) {
      let result = await each.next();
      while (result.done !== true) result = await each.next();
      expect(result.value).toBeUndefined();
    }
    expect(() => other.sample()).toThrow(coded('ERR_POOL_CLOSED'));
  });

  it('refuses what it cannot do', async () => {
    for (const [options, option] of [
      [{ interval: 9 }, 'interval'],
      [{ fields: [] }, 'fields'],
      [{ fields: ['rtt', 'nothing' as SampleField] }, 'fields[1]'],
      [{ tcpInfo: 1 }, 'tcpInfo'],
      [{ signal: {} }, 'signal'],
      [{ every: 1 }, 'every'],
    ] as const) {
      const error = await rejection((async () => pool.sample(options as never))());
      expect(error.code).toBe('ERR_INVALID_OPTION');
      expect(error.details.option).toBe(option);
    }
    const silent = await createPool({ threads: 1, stats: false });
    expect(() => silent.sample()).toThrow(coded('ERR_STATS_OFF'));
    await silent.close();
  });
});
