import { type Connection, createPool, type Pool } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { CONTENT, type Hostile, hostileTls, TICKET } from '../fixtures/hostile-tls.js';
import { certificate, hold, until } from '../fixtures/leases.js';
import { ending, event, rejection, usePool } from '../fixtures/pool.js';
import { echo, ignore, tcpServer, wsServer } from '../fixtures/servers.js';

/** Servers that send no data but whatever else TLS has, without end. */

const own = usePool();

async function connect(port: number, pool = own.pool): Promise<Connection> {
  const { cert } = await certificate();
  return await pool.connect(`wss://localhost:${port}/`, { tls: { ca: cert } });
}

const many = Buffer.concat(Array<Buffer>(910).fill(TICKET)); // all that a record holds
const tickets = ({ records, flood }: Hostile) =>
  flood(() => records.record(CONTENT.handshake, many));
const newKeys = ({ records, flood }: Hostile) =>
  flood(() => Buffer.concat(Array.from({ length: 100 }, () => records.newKeys())));

/** A server that answers a client with requests to renegotiate, for as long as it takes them. */
function renegotiating(onRead: () => void = ignore): Promise<number> {
  const content = Buffer.alloc(16 * 1024); // four bytes for each
  const head = Buffer.from([CONTENT.handshake, 3, 3, 0, 0]);
  head.writeUInt16BE(content.length, 3);
  const requests = Buffer.concat([head, content]);
  return tcpServer((socket) => {
    const some = () => {
      while (!socket.destroyed && socket.write(requests));
    };
    socket.on('drain', onRead);
    socket.on('drain', some);
    socket.once('data', some);
  });
}

describe.each([
  ['tickets', tickets],
  ['new keys', newKeys],
])('a flood of %s', (_title, flood) => {
  it('ends an open connection', async () => {
    const connection = await connect(await hostileTls(flood));
    const { code, error } = await ending(connection);
    expect([code, error?.code, error?.details.limit]).toEqual([1006, 'ERR_TLS_FLOOD', 64]);
  });

  it('ends an upgrade that it comes before', async () => {
    const error = await rejection(connect(await hostileTls(flood, { opens: false })));
    expect(error.code).toBe('ERR_TLS_FLOOD');
  });

  it('holds nobody who reads under a lease', async () => {
    let begin: (() => void) | undefined;
    const port = await hostileTls((hostile) => {
      begin = () => flood(hostile);
    });
    const connection = await connect(port);
    const end = ending(connection);
    const lease = await hold(connection);
    begin?.();
    let thrown: unknown;
    await until(() => {
      try {
        expect(lease.tls?.read(Buffer.alloc(100))).toBe(-1);
      } catch (error) {
        thrown = error;
      }
      return thrown !== undefined;
    });
    expect(thrown).toMatchObject({ code: 'ERR_LEASE_OPERATION' });
    lease.release();
    expect((await end).error?.code).toBe('ERR_TLS_FLOOD');
  });
});

describe('what OpenSSL puts an end to itself', () => {
  const warning = Buffer.from([1, 90]); // user_canceled
  it.each<[string, number, Buffer]>([
    ['empty records', CONTENT.data, Buffer.alloc(0)],
    ['warnings', CONTENT.alert, warning],
  ])('%s', async (_title, type, content) => {
    const port = await hostileTls(({ records, flood }) =>
      flood(() => records.record(type, content)),
    );
    const { code, error } = await ending(await connect(port));
    expect([code, error?.code]).toEqual([1006, 'ERR_CONNECTION_LOST']);
  });

  it('records of a kind that says nothing', async () => {
    const port = await hostileTls(({ flood }) =>
      flood(() => Buffer.from([CONTENT.changeCipherSpec, 3, 3, 0, 1, 1])),
    );
    const { code, error } = await ending(await connect(port));
    expect([code, error?.code]).toEqual([1006, 'ERR_CONNECTION_LOST']);
  });
});

it('tickets with data between them are no fault', async () => {
  const connection = await connect(
    await hostileTls(({ socket, records }) => {
      for (let i = 0; i < 20; i++) {
        for (let n = 0; n < 60; n++) socket.write(records.record(CONTENT.handshake, TICKET));
        socket.write(records.record(CONTENT.data, Buffer.from([0x82, 1, i])));
      }
    }),
  );
  const got: number[] = [];
  connection.on('message', (data) => got.push(data[0] as number));
  await until(() => got.length === 20);
  expect(got).toEqual(Array.from({ length: 20 }, (_, i) => i));
  connection.terminate();
});

describe('requests to renegotiate, in the middle of the handshake', () => {
  const begin = async (pool: Pool, onRead?: () => void) => {
    const { cert } = await certificate();
    return rejection(
      pool.connect(`wss://localhost:${await renegotiating(onRead)}/`, {
        tls: { ca: cert },
        timeout: 2000,
      }),
    );
  };

  it('it runs out of time, and the others have their turn', async () => {
    const other = await own.pool.connect(`ws://127.0.0.1:${await wsServer(echo)}/`);
    const failed = begin(own.pool);
    for (let i = 0; i < 20; i++) {
      const answer = event(other, 'message');
      other.send(`${i}`);
      expect(String((await answer)[0])).toBe(`${i}`);
    }
    expect((await failed).code).toBe('ERR_HANDSHAKE_TIMEOUT');
  });

  it('a pool can be destroyed', async () => {
    const pool = await createPool({ threads: 1 });
    let reads = 0;
    const failed = begin(pool, () => {
      reads++;
    });
    await until(() => reads > 10);
    await pool.destroy();
    expect((await failed).code).toBe('ERR_POOL_CLOSED');
  });
});
