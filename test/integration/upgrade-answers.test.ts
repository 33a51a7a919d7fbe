import http from 'node:http';
import type net from 'node:net';
import { UpgradeError } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { acceptFor, answering, listen, switching } from '../fixtures/servers.js';

const own = usePool();

/** How the pool takes what a server answers. */
async function refusal(
  answer: string | Buffer | ((socket: net.Socket, request: string) => void),
  timeout = 5000,
): Promise<UpgradeError> {
  const port = await answering((socket, request) => {
    if (typeof answer === 'function') answer(socket, request);
    else socket.write(answer);
  });
  const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`, { timeout }));
  expect(error).toBeInstanceOf(UpgradeError);
  expect(error.details.port).toBe(port);
  return error as UpgradeError;
}

describe('answers before the answer', () => {
  const interim = 'HTTP/1.1 100\r\n\r\n';

  it('sixteen of them are read over', async () => {
    const port = await answering((socket, request) => {
      socket.write(interim.repeat(16) + switching(request));
    });
    (await own.pool.connect(`ws://127.0.0.1:${port}/`)).terminate();
  });

  it('a flood of them ends the opening', async () => {
    const error = await refusal((socket) => {
      const flood = () => {
        if (socket.write(interim.repeat(10_000))) setImmediate(flood);
        else socket.once('drain', flood);
      };
      flood();
    });
    expect(error.code).toBe('ERR_UPGRADE_INVALID');
    expect(error.details.reason).toContain('interim');
  });
});

describe('an answer other than 101', () => {
  it('200 with a body', async () => {
    const error = await refusal(
      'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
    );
    expect(error).toMatchObject({
      code: 'ERR_UPGRADE_REFUSED',
      status: 200,
      body: 'hello',
    });
    expect(error.headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '5' });
    expect(error.message).toContain('200');
  });

  it('401 with headers', async () => {
    const error = await refusal(
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="a"\r\nContent-Length: 0\r\n\r\n',
    );
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 401, body: '' });
    expect(error.headers['www-authenticate']).toBe('Basic realm="a"');
  });

  it('302, which is not followed', async () => {
    const error = await refusal(
      'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    );
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 302 });
    expect(error.headers.location).toBe('ws://127.0.0.1:1/');
  });

  it('404 of node:http, with a chunked body', async () => {
    const port = await listen(
      http.createServer((_request, response) => {
        response.writeHead(404, { 'Content-Type': 'text/html' });
        response.write('not ');
        setImmediate(() => response.end('here'));
      }),
    );
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`));
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 404, body: 'not here' });
  });

  it('a body larger than 1 KiB', async () => {
    const body = 'x'.repeat(100_000);
    const error = await refusal(`HTTP/1.1 500 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 500 });
    expect(error.body).toBe(body.slice(0, 1024));
  });

  it('a body that never ends', async () => {
    const error = await refusal((socket) => {
      socket.write('HTTP/1.1 503 Later\r\n\r\n');
      const more = () => {
        if (socket.write('and so on '.repeat(1000))) setImmediate(more);
        else socket.once('drain', more);
      };
      more();
    });
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 503 });
    expect(error.body).toHaveLength(1024);
  });

  it('a body that begins and stops', async () => {
    const error = await refusal('HTTP/1.1 503 Later\r\nContent-Length: 100\r\n\r\nhel', 200);
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 503, body: 'hel' });
  });

  it('a body that is cut', async () => {
    const error = await refusal((socket) => {
      socket.end('HTTP/1.1 503 Later\r\nContent-Length: 100\r\n\r\nhel');
    });
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 503, body: 'hel' });
  });

  it('no body and no length, ended by the end of the connection', async () => {
    const error = await refusal((socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    });
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 403, body: '' });
  });

  it('204, which has no body', async () => {
    const error = await refusal('HTTP/1.1 204 No Content\r\n\r\n', 300);
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 204, body: '' });
  });
});

describe('a 101 that is none', () => {
  it('announces a body', async () => {
    const error = await refusal((socket, request) => {
      socket.write(switching(request, 'Content-Length: 5'));
    });
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_INVALID', status: 101 });
  });

  it('has the wrong Sec-WebSocket-Accept', async () => {
    const error = await refusal((socket, request) => {
      socket.write(switching(request).replace(acceptFor(request), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='));
    });
    expect(error.code).toBe('ERR_ACCEPT_MISMATCH');
    expect(error.details.received).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(error.details.expected).toHaveLength(28);
  });

  it('has no Sec-WebSocket-Accept', async () => {
    const error = await refusal((socket, request) => {
      socket.write(switching(request).replace(/Sec-WebSocket-Accept.*\r\n/, ''));
    });
    expect(error.code).toBe('ERR_ACCEPT_MISMATCH');
  });

  it('chooses a subprotocol that was not offered', async () => {
    const error = await refusal((socket, request) => {
      socket.write(switching(request, 'Sec-WebSocket-Protocol: chat'));
    });
    expect(error.code).toBe('ERR_SUBPROTOCOL');
    expect(error.details.received).toBe('chat');
    expect(error.message).toContain('"chat"');
  });

  it('chooses an extension that was not offered', async () => {
    const error = await refusal((socket, request) => {
      socket.write(switching(request, 'Sec-WebSocket-Extensions: permessage-deflate'));
    });
    expect(error.code).toBe('ERR_EXTENSION');
    expect(error.details.received).toBe('permessage-deflate');
  });

  it.each(['Upgrade: websocket', 'Connection: Upgrade'])('lacks %s', async (line) => {
    const error = await refusal((socket, request) => {
      socket.write(switching(request).replace(`${line}\r\n`, ''));
    });
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_INVALID', status: 101 });
  });
});

describe('an answer that is not HTTP', () => {
  it.each([
    ['a status that is no number', 'HTTP/1.1 banana\r\n\r\n'],
    ['zeros', Buffer.alloc(4096)],
    ['random bytes', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))],
    ['a huge header', `HTTP/1.1 101 Switching Protocols\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['many headers', `HTTP/1.1 101 Switching Protocols\r\n${'X-Y: z\r\n'.repeat(20_000)}\r\n`],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2p1\r\n\r\n'],
    ['a header with a control character', 'HTTP/1.1 101 Ok\r\nX: \u001b[2J\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 101 Switching Protocols\r\nX: a\r\n b\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade websocket\r\n\r\n'],
  ])('%s', async (_title, answer) => {
    const error = await refusal((socket) => socket.write(answer));
    expect(error.code).toBe('ERR_UPGRADE_INVALID');
    expect(error.message).toMatch(/RFC 6455 does not allow: its? /);
  });

  it('an endless header', async () => {
    const error = await refusal((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX: ');
      const more = () => {
        if (socket.write('x'.repeat(10_000))) setImmediate(more);
        else socket.once('drain', more);
      };
      more();
    });
    expect(error.code).toBe('ERR_UPGRADE_INVALID');
  });

  it('endless header lines', async () => {
    let written = 0;
    let closed: Promise<unknown> | undefined;
    const error = await refusal((socket) => {
      closed = event(socket, 'close');
      socket.write('HTTP/1.1 101 Switching Protocols\r\n');
      const more = () => {
        written++;
        if (socket.destroyed) return;
        if (socket.write(`X-${written}: y\r\n`.repeat(100))) setImmediate(more);
        else socket.once('drain', more);
      };
      more();
    });
    expect(error.code).toBe('ERR_UPGRADE_INVALID');
    await closed;
  });
});
