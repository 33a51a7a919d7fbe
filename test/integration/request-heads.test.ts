import { readFileSync } from 'node:fs';
import type { ConnectOptions } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { poolUnderTest, usePool } from '../fixtures/pool.js';
import { answering, headerOf, socketPath, switching, tcpServer } from '../fixtures/servers.js';

const own = usePool();

/** The request that a server gets. */
async function requestOf(
  path: string,
  options?: ConnectOptions,
  user = '',
  pool = own.pool,
): Promise<string> {
  let seen = '';
  const port = await answering((socket, request) => {
    seen = request;
    socket.write(switching(request));
  });
  (await pool.connect(`ws://${user}127.0.0.1:${port}${path}`, options)).terminate();
  return seen;
}

describe('User-Agent', () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const agentsIn = (request: string) => request.match(/^user-agent:.*$/gim);

  it('names this package and its version', async () => {
    expect(agentsIn(await requestOf('/'))).toEqual([`User-Agent: lws-pool/${version}`]);
  });

  it('is what was given', async () => {
    const request = await requestOf('/', { headers: { 'user-agent': 'mine' } });
    expect(agentsIn(request)).toEqual(['user-agent: mine']);
  });

  it('is left out with null', async () => {
    const headers = { 'User-Agent': null, 'X-Other': 'there' };
    const request = await requestOf('/', { headers });
    expect(agentsIn(request)).toBeNull();
    expect(headerOf(request, 'X-Other')).toBe('there');
  });
});

it('null takes away what the pool gives by default', async () => {
  const pool = await poolUnderTest({
    connect: { headers: { 'X-One': '1', 'X-Two': '2', 'User-Agent': null } },
  });
  onTestFinished(() => pool.destroy());
  const request = await requestOf('/', { headers: { 'x-one': null } }, '', pool);
  expect(headerOf(request, 'X-One')).toBeUndefined();
  expect(headerOf(request, 'X-Two')).toBe('2');
  expect(headerOf(request, 'User-Agent')).toBeUndefined();
  const again = await requestOf('/', { headers: { 'User-Agent': 'me' } }, '', pool);
  expect(headerOf(again, 'User-Agent')).toBe('me');
});

it('values are sent as Latin-1', async () => {
  const request = await requestOf('/', { headers: { 'X-Name': 'gr\u00fc\u00dfe \u00ff' } });
  expect(headerOf(request, 'X-Name')).toBe('gr\u00fc\u00dfe \u00ff');
});

describe('user and password of the URL', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it('are sent as Basic authorization', async () => {
    const request = await requestOf('/x', {}, 'us%40er:p%20w:%C3%A9@');
    expect(headerOf(request, 'Authorization')).toBe(basic('us@er:p w:\u00e9'));
    expect(request).toMatch(/^GET \/x HTTP/);
    expect(headerOf(request, 'Host')).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('yield to a header that was given', async () => {
    const given = { headers: { authorization: 'Bearer 1' } };
    expect((await requestOf('/', given, 'u:p@')).match(/^authorization:.*$/gim)).toEqual([
      'authorization: Bearer 1',
    ]);
    const none = { headers: { Authorization: null } };
    expect(headerOf(await requestOf('/', none, 'u:p@'), 'Authorization')).toBeUndefined();
  });
});

describe('spaces of a URL', () => {
  const line = (request: string) => request.split('\r\n')[0];

  it('are encoded in path and query', async () => {
    expect(line(await requestOf('/a b?c d=e f'))).toBe('GET /a%20b?c%20d=e%20f HTTP/1.1');
  });

  it('are those of a Unix socket as well', async () => {
    const path = await socketPath('a socket');
    let seen = '';
    await tcpServer(
      (socket) =>
        socket.once('data', (data) => {
          seen = data.toString('latin1');
          socket.end(switching(seen));
        }),
      { path },
    );
    (await own.pool.connect(`ws+unix:${path}:/a b?c d`)).terminate();
    expect(line(seen)).toBe('GET /a%20b?c%20d HTTP/1.1');
  });
});
