import http from 'node:http';
import type net from 'node:net';
import { type ConnectOptions, UpgradeError } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { event, messages, poolUnderTest, rejection, usePool } from '../fixtures/pool.js';
import { acceptFor, answering, frame, listen, switching } from '../fixtures/servers.js';

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

  it('has its phrase as Latin-1, or none', async () => {
    const answer = (phrase: string) =>
      refusal(Buffer.from(`HTTP/1.1 403${phrase}\r\nContent-Length: 0\r\n\r\n`, 'latin1'));
    const error = await answer(' Nicht f\u00fcr dich ');
    expect(error.statusText).toBe('Nicht f\u00fcr dich');
    expect(error.details.statusText).toBe('Nicht f\u00fcr dich');
    expect(error.message).toContain('with 403 Nicht f\u00fcr dich.');
    for (const none of ['', ' ']) expect((await answer(none)).statusText).toBe('');
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

describe('a refusal is told soon, whatever its body does', () => {
  const timeout = 120_000;

  it.each([
    ['no length', ''],
    ['a length that is never reached', 'Content-Length: 100\r\n'],
    ['a length that is none', 'Content-Length: three\r\n'],
    ['two lengths', 'Content-Length: 7\r\nContent-Length: 8\r\n'],
    ['a coding that is not known', 'Transfer-Encoding: gzip\r\n'],
  ])('%s', async (_title, line) => {
    const error = await refusal(`HTTP/1.1 503 Later\r\n${line}\r\nhel`, timeout);
    expect(error).toMatchObject({ code: 'ERR_UPGRADE_REFUSED', status: 503, body: 'hel' });
    expect(error.statusText).toBe('Later');
  });

  it('chunks that do not go on', async () => {
    const head = 'HTTP/1.1 503 Later\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await refusal(`${head}8\r\nhel`, timeout)).toMatchObject({ status: 503, body: 'hel' });
  });

  it('a body of which a byte comes now and then', async () => {
    const error = await refusal((socket) => {
      socket.write('HTTP/1.1 503 Later\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
    }, timeout);
    expect(error).toMatchObject({ status: 503, body: expect.stringMatching(/^x*$/) });
  });

  it('the same length twice', async () => {
    const lengths = 'Content-Length: 3\r\nContent-Length: 3\r\n';
    const error = await refusal(`HTTP/1.1 503 Later\r\n${lengths}\r\nhelp`, timeout);
    expect(error).toMatchObject({ status: 503, body: 'hel' });
  });

  it('and its place goes to the next connection', async () => {
    const pool = await poolUnderTest({ handshakesInFlight: 1 });
    onTestFinished(() => pool.destroy());
    const port = await answering((socket) => socket.write('HTTP/1.1 503 Later\r\n\r\n'));
    const url = `ws://127.0.0.1:${port}/`;
    const all = Array.from({ length: 5 }, () => rejection(pool.connect(url, { timeout })));
    for (const error of await Promise.all(all)) expect(error.code).toBe('ERR_UPGRADE_REFUSED');
  });
});

describe('a 101 that says something of a body opens all the same', () => {
  it.each(['Content-Length: 0', 'Content-Length: 5', 'Transfer-Encoding: chunked'])(
    '%s',
    async (line) => {
      const port = await answering((socket, request) => {
        socket.write(Buffer.concat([Buffer.from(switching(request, line)), frame(1, 'hi')]));
      });
      const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
      expect(await messages(connection, 1)).toEqual(['hi']);
      connection.terminate();
    },
  );
});

describe('a server that chooses no subprotocol', () => {
  const LINES = [[], ['Sec-WebSocket-Protocol:'], ['Sec-WebSocket-Protocol: ']];
  const open = async (lines: string[], options: ConnectOptions) => {
    const port = await answering((socket, request) => socket.write(switching(request, ...lines)));
    return own.pool.connect(`ws://127.0.0.1:${port}/`, { protocols: ['a', 'b'], ...options });
  };

  it.each(LINES)('opens: %j', async (...lines) => {
    const connection = await open(lines, {});
    expect(connection.protocol).toBe('');
    connection.terminate();
  });

  it.each(LINES)('is refused with requireProtocol: %j', async (...lines) => {
    const error = await rejection(open(lines, { requireProtocol: true }));
    expect(error).toBeInstanceOf(UpgradeError);
    expect(error).toMatchObject({ code: 'ERR_SUBPROTOCOL', details: { expected: 'a, b' } });
    expect(error.message).toContain('chose no subprotocol; offered were a, b');
  });

  it('and one that does pleases requireProtocol', async () => {
    const connection = await open(['Sec-WebSocket-Protocol: b'], { requireProtocol: true });
    expect(connection.protocol).toBe('b');
    connection.terminate();
  });
});

describe('a 101 that is none', () => {
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
    expect(error.statusText).toBe('Switching Protocols');
    const [name = '', expected] = line.split(': ');
    expect(error.details).toMatchObject({ expected, reason: `its header ${name} is missing` });
    expect(error.message).toContain(`its header ${name} is missing.`);
  });

  it.each(['Upgrade: websocket', 'Connection: Upgrade'])('has another %s', async (line) => {
    const [name, expected] = line.split(': ');
    const error = await refusal((socket, request) => {
      socket.write(switching(request).replace(line, `${name}: h2c\u00e9`), 'latin1');
    });
    expect(error.details).toMatchObject({ expected, received: 'h2c\u00e9' });
    expect(error.message).toContain(`its header ${name} is not "${expected}" but "h2c\u00e9"`);
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
    ['lines that end in CR', 'HTTP/1.1 101 Switching Protocols\rUpgrade: websocket\r\r'],
    ['one line that ends in CR', 'HTTP/1.1 101 Ok\r\nA: b\rUpgrade: websocket\r\n\r\n'],
    ['lines that end in LF', 'HTTP/1.1 101 Ok\nA: b\n\n'],
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
