import type { ConnectOptions } from 'lws-pool';
import { expect, it } from 'vitest';
import { rejection, usePool } from '../fixtures/pool.js';
import { tcpServer } from '../fixtures/servers.js';

const own = usePool();

const ENDINGS = [
  ['CR', '\r'],
  ['LF', '\n'],
  ['NUL', '\0'],
  ['CRLF and a header', '\r\nX-Forged: yes'],
] as const;

const PLACES: [string, (text: string) => { url?: string; options?: ConnectOptions }][] = [
  ['value of a header', (text) => ({ options: { headers: { 'X-Trace': `a${text}b` } } })],
  ['second value', (text) => ({ options: { headers: { 'X-Trace': ['a', `b${text}`] } } })],
  ['name of a header', (text) => ({ options: { headers: { [`X-Trace${text}`]: 'a' } } })],
  ['protocol', (text) => ({ options: { protocols: [`chat${text}`] } })],
  ['origin', (text) => ({ options: { origin: `https://a.test${text}` } })],
  ['path', (text) => ({ url: `/a${text}b` })],
  ['user', (text) => ({ url: `user${text}:secret@` })],
];

it.each(
  PLACES.flatMap(([place, make]) =>
    ENDINGS.map(([name, text]) => [name, place, make(text)] as const),
  ),
)('%s in %s is refused before anything is sent', async (_name, _place, { url = '/', options }) => {
  let asked = false;
  const port = await tcpServer(() => {
    asked = true;
  });
  const [user, path] = url.endsWith('@') ? [url, '/'] : ['', url];
  const error = await rejection(own.pool.connect(`ws://${user}127.0.0.1:${port}${path}`, options));
  expect(error.code).toMatch(/^ERR_INVALID_(HEADER|URL)$/);
  // A message is one line, whatever was passed in.
  expect(error.message).not.toMatch(/[\r\n\0]/);
  expect(asked).toBe(false);
});

it.each(ENDINGS)('%s in the path of a Unix socket', async (_name, text) => {
  for (const url of [
    `unix:/tmp/a${text}b`,
    `ws+unix:/tmp/a${text}b:/`,
    `ws+unix:/tmp/a:/b${text}`,
  ]) {
    const error = await rejection(own.pool.connect(url));
    expect(error.code).toMatch(/^ERR_INVALID_(HEADER|URL)$/);
    expect(error.message).not.toMatch(/[\r\n\0]/);
  }
});

it.each(['%0d%0aX-Forged:%20yes', '%00'])('%s in a path stays as it is', async (text) => {
  let request = '';
  const port = await tcpServer((socket) => {
    socket.on('data', (data) => {
      request += data.toString('latin1');
      socket.end();
    });
  });
  await rejection(own.pool.connect(`ws://127.0.0.1:${port}/a${text}b`));
  expect(request.split('\r\n')[0]).toBe(`GET /a${text}b HTTP/1.1`);
  expect(request).not.toMatch(/^X-Forged/m);
});
