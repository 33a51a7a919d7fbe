import {
  type BioOptions,
  type Connection,
  type ConnectionGroup,
  createMemoryBio,
  createPool,
  type Lease,
  LwsPoolError,
  Ring,
} from 'lws-pool';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hold, open } from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

// What nobody would look at is refused, wherever options can be given. A new method that takes some
// belongs into this table.
const own = usePool();
const none = new URL('../fixtures/handlers/counting.mjs', import.meta.url);
let connection: Connection;
let group: ConnectionGroup;
let lease: Lease<Connection>;
let ring: Ring;
let url = '';

beforeAll(() => {
  ring = new Ring();
});
beforeEach(async () => {
  url = `ws://127.0.0.1:${await wsServer(echo)}/`;
  connection = await own.pool.connect(url);
  group = await own.pool.connectMany(url, { count: 1, handler: none });
  const secure = await open(own.pool, 'wss TLSv1.3');
  lease = await hold(secure.connection);
  await group.ready;
});
afterEach(async () => {
  lease.connection.terminate();
  await Promise.all([connection.close(), group.close()]);
});
afterAll(() => ring.close());

const memory = Buffer.alloc(8);

/** Each call, with these options. */
const CALLS: Record<string, (options: never) => unknown> = {
  'createPool()': (options) => createPool(options),
  'createPool({ tls })': (tls) => createPool({ tls }),
  'createPool({ lease })': (given) => createPool({ lease: given }),
  'createPool({ warnings })': (warnings) => createPool({ warnings }),
  'pool.connect()': (options) => own.pool.connect(url, options),
  'pool.connect({ tls })': (tls) => own.pool.connect(url, { tls }),
  'pool.connectMany()': (options: object) =>
    own.pool.connectMany(url, { count: 1, handler: none, ...options }),
  'pool.leaseAll()': (options) => own.pool.leaseAll([connection], 'shared', options),
  'pool.sample()': (options) => own.pool.sample(options),
  'pool.metrics()': (options) => own.pool.metrics({} as never, options),
  'pool.telemetry()': (options) => own.pool.telemetry(options),
  'pool.close()': (options) => own.pool.close(options),
  'group.broadcast()': (options) => group.broadcast('text', options),
  'connection.send()': (options) => connection.send('text', options),
  'connection.stats()': (options) => connection.stats(options),
  'connection.stream()': (options) => connection.stream(options),
  'connection.lease()': (options) => connection.lease('shared', options),
  'connection.tryLease()': (options) => connection.tryLease('shared', options),
  'connection.withLease()': (options) => connection.withLease('shared', options, () => undefined),
  'lease.tls.updateKeys()': (options) => lease.tls?.updateKeys(options),
  'lease.tls.pushBio()': (options: object) =>
    lease.tls?.pushBio({ type: 'counter', ...options } as BioOptions),
  'createMemoryBio()': (options) => createMemoryBio(options),
  'new Ring()': (options) => new Ring(options),
  'new Ring({ buffers })': (buffers) => new Ring({ buffers }),
  'ring.poll()': (options) => ring.poll(lease, 1, options),
  'ring.poll({ multishot })': (options: object) =>
    ring.poll(lease, 1, { multishot: true, ...options }),
  'ring.recv()': (options) => ring.recv(lease, memory, options),
  'ring.readv()': (options) => ring.readv(lease, [memory], options),
  'ring.recvMultishot()': (options) => ring.recvMultishot(lease, options),
  'ring.send()': (options) => ring.send(lease, memory, options),
  'ring.writev()': (options) => ring.writev(lease, [memory], options),
  'ring.sendZeroCopy()': (options) => ring.sendZeroCopy(lease, memory, options),
  'ring.request()': (options) => ring.request(lease, memory, memory, options),
  'ring.timeout()': (options) => ring.timeout(1, options),
};

/** What a call throws or rejects with. */
async function failure(call: () => unknown): Promise<LwsPoolError> {
  const thrown = await new Promise((resolve) => resolve(call())).catch((error: unknown) => error);
  if (thrown instanceof LwsPoolError) return thrown;
  throw new Error('nothing was refused', { cause: thrown });
}

describe('an option that does not exist', () => {
  it.each(Object.entries(CALLS))('is refused by %s', async (_name, call) => {
    const { code, details } = await failure(() => call({ bogus: 1 } as never));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(details.option).toMatch(/\bbogus$/);
    expect(details.hint).toMatch(/^Known (are|is): /);
  });

  it.each([
    ['connection.send()', { binaray: true }, 'Did you mean "binary"?'],
    [
      'connection.send()',
      { fin: false },
      'A message is sent whole, in one frame; sendStream() sends one in fragments.',
    ],
    ['group.broadcast()', { compresed: true }, 'Did you mean "compress"?'],
    ['connection.stream()', { readableObjectmode: true }, 'Did you mean "readableObjectMode"?'],
    ['connection.stats()', { tsl: true }, 'Did you mean "tls"?'],
    ['connection.lease()', { timeOut: 1 }, 'Did you mean "timeout"?'],
    ['ring.timeout()', { Signal: 1 }, 'Did you mean "signal"?'],
  ])('is answered with what may be meant: %s', async (name, options, hint) => {
    const { details } = await failure(() => CALLS[name]?.(options as never));
    expect(details.hint).toBe(hint);
  });

  it('is refused in handlers', async () => {
    const handler = new URL('../fixtures/handlers/mistaking.mjs', import.meta.url);
    const single = await own.pool.connectMany(url, { count: 1, handler });
    const told = await new Promise((resolve) => single.on('post', resolve));
    expect(told).toEqual({
      ...{ send: 'bogus', stats: 'bogus', lease: 'bogus', tryLease: 'bogus' },
      ...{ withLease: 'bogus', leaseNow: 'bogus' },
      ...{ onopen: 'onopen', onmessage: 'onmessage', onclose: 'onclose', onerror: 'onerror' },
      binaryType: 'binaryType',
    });
    await single.close();
  });
});

describe('values that are none', () => {
  it.each([
    ['connection.send()', { binary: 'yes' }, 'binary'],
    ['connection.stream()', { encoding: 'klingon' }, 'encoding'],
    ['connection.stream()', { signal: 1 }, 'signal'],
    ['connection.stream()', null, 'options'],
    ['connection.stats()', null, 'options'],
  ])('are refused by %s', async (name, options, option) => {
    const { code, details } = await failure(() => CALLS[name]?.(options as never));
    expect([code, details.option]).toEqual(['ERR_INVALID_OPTION', option]);
  });

  it('SO_LINGER with more than it has', () => {
    const value = { onoff: true, linger: 1, seconds: 1 };
    expect(() => lease.socket.setOption('SO_LINGER', value)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
  });
});

describe('properties of the WebSocket of browsers', () => {
  it.each(['onopen', 'onmessage', 'onclose', 'onerror', 'binaryType'])(
    '%s cannot be assigned',
    async (property) => {
      const object = connection as unknown as Record<string, unknown>;
      const { code, details } = await failure(() => {
        object[property] = () => undefined;
      });
      expect(code).toBe('ERR_INVALID_ARGUMENT');
      expect(details).toMatchObject({ argument: property, hint: expect.stringMatching(/\w/) });
      expect(object[property]).toBeUndefined();
    },
  );

  it('other properties are free', async () => {
    const object = connection as unknown as Record<string, unknown>;
    object.onwards = 1;
    expect(object.onwards).toBe(1);
  });
});

describe('a handler whose functions would never be called', () => {
  it.each([
    ['onMessage', 'its "onMessage" is never called: name it "message"'],
    ['onopen', 'its "onopen" is never called: name it "open"'],
    ['close', 'its "close" is a number, not a function'],
  ])('is refused: %s', async (name, reason) => {
    const handler = new URL('../fixtures/handlers/misnamed.mjs', import.meta.url);
    const { code, cause } = await failure(() => own.pool.connect(url, { handler, data: { name } }));
    expect(code).toBe('ERR_HANDLER_LOAD');
    expect((cause as Error).message).toContain(reason.replace('a number', '1'));
  });
});
