import { describe, expect, it } from 'vitest';
import { rejection, usePool } from '../fixtures/pool.js';
import { answering, switching } from '../fixtures/servers.js';

const own = usePool();

const SENT = ['Server: one', 'Server: two', 'X-Request-Id: 17', 'CF-Ray: a-b', 'X-Other: none'];

async function url(...lines: string[]): Promise<string> {
  const port = await answering((socket, request) => socket.write(switching(request, ...lines)));
  return `ws://127.0.0.1:${port}/`;
}

describe('connection.upgradeHeaders', () => {
  it('has nothing unless it is asked for', async () => {
    const connection = await own.pool.connect(await url(...SENT));
    expect(connection.upgradeHeaders).toBeUndefined();
    connection.terminate();
  });

  it('has all that the server sent', async () => {
    const connection = await own.pool.connect(await url(...SENT), { keepHeaders: true });
    const { upgradeHeaders } = connection;
    expect(upgradeHeaders).toEqual({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-accept': expect.any(String),
      server: 'one, two',
      'x-request-id': '17',
      'cf-ray': 'a-b',
      'x-other': 'none',
    });
    expect(Object.isFrozen(upgradeHeaders)).toBe(true);
    connection.terminate();
  });

  it('has values as Latin-1, as Node.js has them', async () => {
    const port = await answering((socket, request) => {
      socket.write(switching(request, 'X-Name: gr\u00fc\u00dfe \u00ff'), 'latin1');
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { keepHeaders: true });
    expect(connection.upgradeHeaders?.['x-name']).toBe('gr\u00fc\u00dfe \u00ff');
    connection.terminate();
  });

  it('comes with the messages that came with the answer', async () => {
    const port = await answering((socket, request) => {
      socket.write(`${switching(request, 'X-Request-Id: 17')}\u0081\u0002hi`, 'latin1');
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { keepHeaders: true });
    expect(connection.upgradeHeaders).toMatchObject({ 'x-request-id': '17' });
    for await (const { data } of connection) {
      expect(data.toString()).toBe('hi');
      break;
    }
  });

  it('has none of a raw connection', async () => {
    const port = await answering(() => undefined);
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`, { keepHeaders: true });
    expect(connection.upgradeHeaders).toBeUndefined();
    connection.terminate();
  });
});

describe('an UpgradeError', () => {
  it('has values as Latin-1 as well', async () => {
    const answer = 'HTTP/1.1 403 No\r\nX-Name: gr\u00fc\u00dfe\r\nContent-Length: 0\r\n\r\n';
    const port = await answering((socket) => socket.write(answer, 'latin1'));
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`));
    expect(error).toMatchObject({ headers: { 'x-name': 'gr\u00fc\u00dfe' } });
  });

  it.each([
    ['a refusal', 'HTTP/1.1 403 No\r\nX-Request-Id: 17\r\nContent-Length: 0\r\n\r\n'],
    ['a wrong answer', switching('Sec-WebSocket-Key: x\r\n', 'X-Request-Id: 17')],
  ])('has the headers of %s', async (_title, answer) => {
    const port = await answering((socket) => socket.write(answer));
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`));
    expect(error).toMatchObject({ headers: { 'x-request-id': '17' } });
  });
});

it('a handler has them as well', async () => {
  const group = await own.pool.connectMany(await url(...SENT), {
    count: 1,
    keepHeaders: true,
    handler: new URL('../fixtures/handlers/headers.mjs', import.meta.url),
  });
  const posted = new Promise((resolve) => group.on('post', resolve));
  await group.ready;
  expect(await posted).toMatchObject({ 'x-request-id': '17', upgrade: 'websocket' });
  await group.terminate();
});
