import { type Connection, createPool } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CONTENT, type Hostile, hostileTls } from '../fixtures/hostile-tls.js';
import { certificate } from '../fixtures/leases.js';
import { ending, rejection, usePool } from '../fixtures/pool.js';
import { tcpServer, tlsServer } from '../fixtures/servers.js';

const own = usePool();

/** Far longer than a test may take: nobody waits for it. */
const timeout = 600_000;

async function connect(port: number): Promise<Connection> {
  const { cert } = await certificate();
  return own.pool.connect(`wss://localhost:${port}/`, { tls: { ca: cert }, timeout });
}

const alert = (level: number, description: number) => Buffer.from([level, description]);

/** What a server sends when the handshake is done, and words of OpenSSL's reason. */
const FAILURES: [title: string, send: (hostile: Hostile) => void, reason: RegExp][] = [
  [
    'a record that was changed on the way',
    ({ socket, records }) => {
      const record = records.record(CONTENT.data, Buffer.from('hello'));
      record[record.length - 1] = (record.at(-1) as number) ^ 1;
      socket.write(record);
    },
    /bad record mac/,
  ],
  [
    'a fatal alert',
    ({ socket, records }) => socket.write(records.record(CONTENT.alert, alert(2, 80))),
    /alert internal error/,
  ],
  [
    'a record in the clear',
    ({ socket }) => socket.write(Buffer.from([CONTENT.data, 3, 3, 0, 1, 0])),
    /\w/,
  ],
  ['no TLS at all', ({ socket }) => socket.write('HTTP/1.1 200 OK\r\n\r\n'), /\w/],
  ['the end of TCP alone', ({ socket }) => socket.end(), /the peer ended TCP without ending TLS/],
];

describe('what breaks TLS after the handshake is named', () => {
  it.each(FAILURES)('on an open connection: %s', async (_title, send, reason) => {
    let begin: (() => void) | undefined;
    const port = await hostileTls((hostile) => {
      begin = () => send(hostile);
    });
    const connection = await connect(port);
    const end = ending(connection);
    begin?.();
    const { code, error } = await end;
    expect([code, error?.code]).toEqual([1006, 'ERR_CONNECTION_LOST']);
    expect(error?.details.reason).toMatch(reason);
    expect(error?.message).toContain(error?.details.reason);
  });

  it.each(FAILURES)('before the answer to the upgrade: %s', async (_title, send, reason) => {
    const error = await rejection(connect(await hostileTls(send, { opens: false })));
    expect(error.code).toMatch(/^ERR_(CONNECTION_RESET|TLS_HANDSHAKE)$/);
    expect(error.details.reason).toMatch(reason);
    expect(error.message).toContain(error.details.reason);
  });

  it('a server that renegotiates, which is refused', async () => {
    const { cert, key } = await certificate();
    const port = await tlsServer({ cert, key, maxVersion: 'TLSv1.2' }, (socket) => {
      socket.renegotiate({}, () => undefined);
    });
    const pool = await createPool({ threads: 1, tls: { ca: cert } });
    onTestFinished(() => pool.destroy());
    const error = await rejection(pool.connect(`wss://localhost:${port}/`, { timeout }));
    expect(error.details.reason).toMatch(/\w/);
    expect(error.message).toContain(error.details.reason);
  });
});

describe('an alert before the ServerHello ends the handshake at once', () => {
  it.each<[string, Buffer, code: string, reason: RegExp]>([
    ['close_notify', alert(1, 0), 'ERR_CONNECTION_RESET', /the peer ended TLS in the handshake/],
    ['handshake_failure', alert(2, 40), 'ERR_TLS_HANDSHAKE', /handshake failure/],
    ['protocol_version', alert(2, 70), 'ERR_TLS_VERSION', /protocol version/],
  ])('%s', async (_title, content, code, reason) => {
    const port = await tcpServer((socket) => {
      const head = Buffer.from([CONTENT.alert, 3, 3, 0, content.length]);
      socket.once('data', () => socket.write(Buffer.concat([head, content])));
    });
    const error = await rejection(connect(port));
    expect(error.code).toBe(code);
    expect(error.details.reason).toMatch(reason);
    expect(error.message).toContain(error.details.reason);
  });
});
