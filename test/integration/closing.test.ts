import { once } from 'node:events';
import type net from 'node:net';
import { createPool } from 'lws-pool';
import { describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { ending, event, rejection, usePool } from '../fixtures/pool.js';
import {
  afterUpgrade,
  closePayload,
  echo,
  frame,
  readRequest,
  switching,
  tcpServer,
  wsServer,
} from '../fixtures/servers.js';

const own = usePool();

const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999];

async function open(options = {}) {
  let peer: WebSocket | undefined;
  const port = await wsServer((accepted) => {
    peer = accepted;
    echo(accepted);
  });
  const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, options);
  if (peer === undefined) throw new Error('no peer');
  return { peer, connection };
}

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

describe('close codes are passed on as they are', () => {
  it.each(CODES)('%i to the server', async (code) => {
    const { peer, connection } = await open();
    const seen = once(peer, 'close');
    const end = ending(connection);
    await connection.close(code, `because of ${code}`);
    const [gotCode, gotReason] = (await seen) as [number, Buffer];
    expect([gotCode, gotReason.toString()]).toEqual([code, `because of ${code}`]);
    expect(await end).toMatchObject({ code, error: undefined });
    expect(connection.readyState).toBe(3);
  });

  it.each(CODES)('%i from the server', async (code) => {
    const { peer, connection } = await open();
    const seen = once(peer, 'close');
    const end = ending(connection);
    peer.close(code, 'grüße');
    expect(await end).toEqual({ code, reason: 'grüße', error: undefined });
    expect((await seen)[0]).toBe(code);
  });

  it('none either way', async () => {
    const first = await open();
    const seen = once(first.peer, 'close');
    const ownEnd = ending(first.connection);
    await first.connection.close();
    expect((await seen)[0]).toBe(1005);
    expect(await ownEnd).toMatchObject({ code: 1005, error: undefined });

    const second = await open();
    const end = ending(second.connection);
    second.peer.close();
    expect(await end).toEqual({ code: 1005, reason: '', error: undefined });
  });

  it.each([1004, 1005, 1006, 1015, 2000, 5000, 0, 999, 1.5, Number.NaN])(
    '%d is refused',
    async (code) => {
      const { connection } = await open();
      expect(thrown(() => connection.close(code))).toBe('ERR_INVALID_ARGUMENT');
      expect(connection.readyState).toBe(1);
      await connection.close(1000);
    },
  );
});

describe('the close handshake', () => {
  it('comes after all that was sent before', async () => {
    const { peer, connection } = await open();
    const got: string[] = [];
    peer.removeAllListeners('message');
    peer.on('message', (data) => got.push(String(data)));
    const seen = once(peer, 'close');
    for (let i = 0; i < 100; i++) connection.send(`${i} ${'x'.repeat(10_000)}`);
    void connection.close(1000);
    await seen;
    expect(got.map((text) => Number.parseInt(text, 10))).toEqual([...Array(100).keys()]);
  });

  it('may be asked for any number of times', async () => {
    const { connection } = await open();
    let times = 0;
    connection.on('close', () => times++);
    await Promise.all([connection.close(1000), connection.close(1001), connection.close()]);
    await connection.close(1000);
    connection.terminate();
    expect(times).toBe(1);
  });

  it('ends a connection that is paused', async () => {
    const { connection } = await open();
    connection.pause();
    const end = ending(connection);
    await connection.close(1000);
    expect(await end).toMatchObject({ code: 1000, error: undefined });
  });

  it('still delivers what was on its way', async () => {
    const port = await afterUpgrade((socket) => {
      socket.once('data', () => {
        socket.write(frame(1, 'last words'));
        socket.end(frame(8, closePayload(1000)));
      });
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const message = event(connection, 'message');
    void connection.close(1000);
    expect(String((await message)[0])).toBe('last words');
  });

  it('is given up after closeTimeout', async () => {
    const port = await afterUpgrade((socket) => socket.resume());
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 150 });
    const end = ending(connection);
    const begin = performance.now();
    await connection.close(1000);
    expect(performance.now() - begin).toBeGreaterThan(140);
    const { code, error } = await end;
    expect(code).toBe(1006);
    expect(error?.code).toBe('ERR_CLOSE_TIMEOUT');
    expect(error?.details.timeout).toBe(150);
  });

  it('is given up where the server answers but keeps the connection', async () => {
    const port = await afterUpgrade((socket) => {
      socket.once('data', () => socket.write(frame(8, closePayload(1000))));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 150 });
    const end = ending(connection);
    await connection.close(1000);
    expect(await end).toMatchObject({ code: 1000, error: undefined });
  });

  it('is finished by the client where the server waits for its end', async () => {
    let close: (() => void) | undefined;
    const port = await tcpServer(
      (socket) => {
        void readRequest(socket).then((request) => {
          socket.write(switching(request));
          socket.once('data', () => socket.write(frame(8, closePayload(1000))));
          socket.on('end', () => {
            close?.();
            socket.end();
          });
          socket.resume();
        });
      },
      { allowHalfOpen: true },
    );
    const ended = new Promise<void>((resolve) => {
      close = resolve;
    });
    // Far longer than a test may take.
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 600_000 });
    const end = ending(connection);
    await connection.close(1000);
    await ended;
    expect(await end).toEqual({ code: 1000, reason: '', error: undefined });
  });

  it('answers with the code alone', async () => {
    const answer = new Promise<Buffer>((resolve) => {
      void afterUpgrade((socket) => {
        socket.once('data', resolve);
        socket.write(frame(8, closePayload(4000, 'secret of the server')));
      }).then((port) => own.pool.connect(`ws://127.0.0.1:${port}/`));
    });
    const bytes = await answer;
    expect([bytes[0], bytes[1], bytes.length]).toEqual([0x88, 0x82, 8]);
  });

  it('of the server is seen where the client has more to send', async () => {
    const port = await afterUpgrade((socket) => {
      socket.pause();
      socket.end(frame(8, closePayload(1008, 'enough')));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 300 });
    const end = ending(connection);
    for (let i = 0; i < 100 && connection.readyState === 1; i++) {
      connection.send(Buffer.alloc(100_000));
    }
    expect(await end).toMatchObject({ code: 1008, reason: 'enough', error: undefined });
  });
});

describe('a reset of a paused connection', () => {
  it.each(['ws', 'tcp'])('is told at once, behind what came before: %s', async (scheme) => {
    let peer: net.Socket | undefined;
    const take = (socket: net.Socket) => {
      peer = socket;
    };
    const port = scheme === 'ws' ? await afterUpgrade(take) : await tcpServer(take);
    const connection = await own.pool.connect(`${scheme}://127.0.0.1:${port}`);
    const got: string[] = [];
    const onData = (data: Buffer) => got.push(String(data));
    if (scheme === 'ws') connection.on('message', onData);
    else connection.on('data', onData);
    connection.pause();
    // The worker has heard of it.
    await connection.flushed();
    await vi.waitFor(() => expect(peer).toBeDefined());
    const end = ending(connection);
    const last = scheme === 'ws' ? frame(1, 'last words') : 'last words';
    peer?.write(last, () => peer?.resetAndDestroy());
    const { code, error } = await end;
    expect([code, error?.code, error?.details.errno]).toEqual([
      1006,
      'ERR_CONNECTION_LOST',
      'ECONNRESET',
    ]);
    expect(got).toEqual(['last words']);
  });
});

describe('without a handshake', () => {
  it('terminate ends at once with 1006', async () => {
    const { peer, connection } = await open();
    const seen = once(peer, 'close');
    const end = ending(connection);
    connection.terminate();
    expect(connection.readyState).toBe(2);
    expect(await end).toEqual({ code: 1006, reason: '', error: undefined });
    expect((await seen)[0]).toBe(1006);
  });
});

describe('after the end', () => {
  it('nothing can be sent or asked', async () => {
    const { connection } = await open();
    const calls = [() => connection.send('x'), () => connection.ping()];
    await connection.close(1000);
    expect(calls.map(thrown)).toEqual(['ERR_CONNECTION_CLOSED', 'ERR_CONNECTION_CLOSED']);
    const { code, details } = await rejection(connection.flushed());
    expect([code, details.connection]).toEqual(['ERR_CONNECTION_CLOSED', connection.id]);
    expect(connection.bufferedAmount).toBe(0);
    connection.pause();
    connection.resume();
    connection.terminate();
    connection.end();
  });

  it('a new connection in the same place is not reached by an old one', async () => {
    const pool = await createPool({ threads: 1, maxConnections: 1 });
    const port = await wsServer(echo);
    const old = await pool.connect(`ws://127.0.0.1:${port}/`);
    await old.close();
    const fresh = await pool.connect(`ws://127.0.0.1:${port}/`);
    old.terminate();
    void old.close(1000);
    const answer = event(fresh, 'message');
    fresh.send('unharmed');
    expect(String((await answer)[0])).toBe('unharmed');
    const full = await rejection(pool.connect(`ws://127.0.0.1:${port}/`));
    expect(full.code).toBe('ERR_TOO_MANY_CONNECTIONS');
    expect(full.details.limit).toBe(1);
    await pool.close();
  });
});

describe('a raw connection', () => {
  it('ends after what was sent', async () => {
    let got = '';
    const ended = new Promise<void>((resolve) => {
      void tcpServer((socket) => {
        socket.on('data', (data) => {
          got += String(data);
        });
        socket.on('end', resolve);
      }).then(async (port) => {
        const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
        const end = ending(connection);
        connection.send('all of it');
        await connection.close();
        expect(await end).toMatchObject({ code: 1000, error: undefined });
      });
    });
    await ended;
    expect(got).toBe('all of it');
  });

  it('hears of a reset', async () => {
    const port = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
    const end = ending(connection);
    connection.send('x');
    const { code, error } = await end;
    expect([code, error?.code, error?.details.errno]).toEqual([
      1006,
      'ERR_CONNECTION_LOST',
      'ECONNRESET',
    ]);
  });

  it('sends on after the end of the peer: an answer to its last words arrives', async () => {
    const answer = new Promise<string>((resolve) => {
      void tcpServer(
        (socket) => {
          let got = '';
          socket.on('data', (data) => {
            got += String(data);
          });
          socket.on('end', () => resolve(got));
          socket.end('last words');
        },
        { allowHalfOpen: true },
      ).then(async (port) => {
        const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
        connection.on('data', (data) => connection.send(`you said ${String(data)}`));
        connection.on('end', () => connection.send(', goodbye'));
      });
    });
    expect(await answer).toBe('you said last words, goodbye');
  });

  it('half-closes and goes on receiving', async () => {
    const port = await tcpServer(
      (socket) => {
        let got = '';
        socket.on('data', (data) => {
          got += String(data);
        });
        socket.on('end', () => socket.end(`got ${got}`));
      },
      { allowHalfOpen: true },
    );
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
    const answer = event(connection, 'data');
    const end = ending(connection);
    connection.send('question');
    connection.end();
    expect(connection.send('late')).toBe(false);
    expect(String((await answer)[0])).toBe('got question');
    expect(await end).toMatchObject({ code: 1000, error: undefined });
  });
});

it('an end within a message says so, and one between two does not', async () => {
  for (const [bytes, midMessage] of [
    [frame(1, 'whole'), undefined],
    [frame(1, 'a part', { fin: false }), true],
  ] as const) {
    const port = await afterUpgrade((socket) => socket.end(bytes));
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const { error } = await ending(connection);
    expect([error?.code, error?.details.midMessage]).toEqual(['ERR_CONNECTION_LOST', midMessage]);
  }
});
