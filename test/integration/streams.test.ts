import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import type { Connection } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { ending, event, usePool } from '../fixtures/pool.js';
import {
  afterUpgrade,
  closePayload,
  echo,
  frame,
  tcpServer,
  wsServer,
} from '../fixtures/servers.js';

const own = usePool();

async function raw(onSocket: Parameters<typeof tcpServer>[0], halfOpen = false) {
  const port = await tcpServer(onSocket, { allowHalfOpen: halfOpen });
  return own.pool.connect(`tcp://127.0.0.1:${port}`);
}

describe('a stream of a raw connection', () => {
  it('pipes there and back, to the last byte, and ends', async () => {
    const connection = await raw((socket) => socket.pipe(socket), true);
    const data = Buffer.alloc(10_000_000, 'some data ');
    const stream = connection.stream();
    const end = ending(connection);
    const got = buffer(stream);
    await pipeline(Readable.from([data.subarray(0, 5_000_000), data.subarray(5_000_000)]), stream, {
      end: true,
    });
    expect((await got).equals(data)).toBe(true);
    expect(await end).toMatchObject({ code: 1000, error: undefined });
  });

  it('sends all before its end, to a slow reader', async () => {
    let taken = 0;
    const ended = new Promise<void>((resolve) => {
      void raw((socket) => {
        // Ends at once from its side: both sides of the stream are done long before the bytes.
        socket.end();
        socket.on('data', (data) => {
          taken += data.length;
          socket.pause();
          setImmediate(() => socket.resume());
        });
        socket.on('end', resolve);
      }, true).then((connection) => {
        const stream = connection.stream();
        stream.write(Buffer.alloc(8_000_000));
        stream.end('!');
        stream.resume();
      });
    });
    await ended;
    expect(taken).toBe(8_000_001);
  });

  it('answers what it reads, though the peer has ended', async () => {
    const answer = new Promise<string>((resolve) => {
      void raw((socket) => {
        socket.end('shout');
        void text(socket).then(resolve);
      }, true).then((connection) => {
        const stream = connection.stream();
        stream.on('data', (data) => {
          stream.pause();
          setTimeout(() => {
            stream.write(String(data).toUpperCase());
            stream.resume();
          }, 20);
        });
      });
    });
    expect(await answer).toBe('SHOUT');
  });

  it('is destroyed with the error of its connection', async () => {
    const connection = await raw((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const stream = connection.stream();
    stream.write('x');
    await expect(finished(stream.resume())).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    expect(stream.destroyed).toBe(true);
  });

  it('destroys its connection', async () => {
    const connection = await raw((socket) => socket.resume());
    const end = ending(connection);
    const stream = connection.stream();
    const failure = new Error('enough');
    const told = once(stream, 'error');
    stream.destroy(failure);
    expect((await told)[0]).toBe(failure);
    expect((await end).code).toBe(1006);
  });
});

describe('a stream of a WebSocket', () => {
  it('writes messages and reads them', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const stream = connection.stream({ readableObjectMode: true });
    stream.write('one');
    stream.write(Buffer.from('two'));
    const got: unknown[] = [];
    for await (const message of stream) {
      got.push(String(message));
      if (got.length === 2) stream.end();
    }
    expect(got).toEqual(['one', 'two']);
    expect(connection.readyState).toBe(3);
  });

  it('ends when the server closes, with what it sent before', async () => {
    const port = await wsServer((peer) => {
      peer.send('hello ');
      peer.send('world');
      peer.close(1000);
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    expect(await text(connection.stream())).toBe('hello world');
  });

  it('fails its pipeline when the server closes in the middle of it', async () => {
    const port = await afterUpgrade((socket) => {
      socket.pause();
      setImmediate(() => socket.write(frame(8, closePayload(1001))));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 200 });
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(100_000));
      },
    });
    await expect(
      pipeline(endless, connection.stream(), new PassThrough().resume()),
    ).rejects.toThrow();
    endless.destroy();
    if (connection.readyState !== 3) await event(connection, 'close');
  });

  it('holds a fast writer back', async () => {
    const port = await afterUpgrade((socket) => socket.pause());
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const stream = connection.stream();
    let written = 0;
    for (;;) {
      written += 1_000_000;
      if (!stream.write(Buffer.alloc(1_000_000))) break;
    }
    stream.on('drain', () => {
      for (; written < 200_000_000; ) {
        written += 1_000_000;
        if (!stream.write(Buffer.alloc(1_000_000))) break;
      }
    });
    for (let last = 0; last !== written; ) {
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(40_000_000);
    const closed = once(stream, 'close');
    stream.destroy();
    await closed;
  });
});

describe('async iteration', () => {
  const open = async (onPeer: Parameters<typeof wsServer>[0]) =>
    own.pool.connect(`ws://127.0.0.1:${await wsServer(onPeer)}/`);

  async function read(connection: Connection): Promise<string[]> {
    const got: string[] = [];
    for await (const { data } of connection) got.push(data.toString());
    return got;
  }

  it('ends with the connection', async () => {
    const connection = await open((peer) => {
      for (let i = 0; i < 100; i++) peer.send(`${i}`);
      peer.close(1000);
    });
    expect(await read(connection)).toEqual([...Array(100).keys()].map(String));
  });

  it('that begins after the end has what was held', async () => {
    const connection = await open((peer) => {
      peer.send('first');
      peer.send('second');
      peer.close(1000);
    });
    await event(connection, 'close');
    expect(await read(connection)).toEqual(['first', 'second']);
  });

  it('throws the error of the connection, after what came before it', async () => {
    const port = await afterUpgrade((socket) => {
      socket.write(frame(1, 'fine'));
      socket.write(frame(3, 'not so'));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 100 });
    const got: string[] = [];
    const loop = async () => {
      for await (const { data } of connection) got.push(data.toString());
    };
    await expect(loop()).rejects.toMatchObject({ code: 'ERR_PROTOCOL' });
    expect(got).toEqual(['fine']);
  });

  it.each(['break', 'throw'])('%s ends the connection and leaves no listener', async (way) => {
    const connection = await open((peer) => {
      for (let i = 0; i < 10; i++) peer.send(`${i}`);
    });
    const end = ending(connection);
    const failure = new Error('of the loop');
    const loop = async () => {
      for await (const { isBinary } of connection) {
        expect(isBinary).toBe(false);
        if (way === 'break') break;
        throw failure;
      }
    };
    if (way === 'break') await loop();
    else await expect(loop()).rejects.toBe(failure);
    expect((await end).code).toBe(1006);
    expect(connection.listenerCount('message')).toBe(0);
  });

  it('goes on in the next loop where `keepOpen` left it', async () => {
    const connection = await open((peer) => {
      for (let i = 0; i < 5; i++) peer.send(`${i}`);
      peer.on('message', (data) => peer.send(`answer to ${data}`));
    });
    const got: string[] = [];
    const take = async (count: number) => {
      const end = got.length + count;
      for await (const { data } of connection.messages({ keepOpen: true })) {
        got.push(String(data));
        if (got.length === end) return;
      }
    };
    await take(2);
    expect(connection.listenerCount('message')).toBe(0);
    await take(3);
    connection.send('a question');
    await take(1);
    expect(got).toEqual(['0', '1', '2', '3', '4', 'answer to a question']);
    // A listener has what comes after a loop as well.
    const heard = event(connection, 'message');
    connection.send('another');
    expect(String((await heard)[0])).toBe('answer to another');
    await connection.close();
  });

  it('of a raw connection is told once more of an end that one with `keepOpen` did not reach', async () => {
    const connection = await raw((socket) => {
      socket.write('first');
      setImmediate(() => socket.end('second'));
    }, true);
    const closed = event(connection, 'close');
    // All of it may have come before the loop begins.
    const ended = event(connection, 'end');
    const got: string[] = [];
    for await (const { data } of connection.messages({ keepOpen: true })) {
      got.push(String(data));
      await ended;
      break;
    }
    expect(connection.readyState).toBe(1);
    for await (const { data } of connection) got.push(String(data));
    expect(got.join('')).toBe('firstsecond');
    await closed;
  });

  it('of a raw connection answers the last words of its peer', async () => {
    const answer = new Promise<string>((resolve) => {
      void raw((socket) => {
        socket.end('shout');
        void text(socket).then(resolve);
      }, true).then(async (connection) => {
        for await (const { data } of connection) {
          await new Promise((wait) => setTimeout(wait, 20));
          connection.send(String(data).toUpperCase());
        }
      });
    });
    expect(await answer).toBe('SHOUT');
  });

  it('slow writables do not lose anything', async () => {
    const connection = await open((peer) => {
      for (let i = 0; i < 200; i++) peer.send(Buffer.alloc(10_000, i));
      peer.close(1000);
    });
    const sizes: number[] = [];
    const slow = new Writable({
      write(chunk, _encoding, callback) {
        sizes.push(chunk.length);
        setImmediate(callback);
      },
    });
    await pipeline(connection.stream(), slow);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2_000_000);
  });
});
