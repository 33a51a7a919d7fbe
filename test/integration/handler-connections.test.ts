import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ConnectionGroup } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { rejection, usePool } from '../fixtures/pool.js';
import { tcpServer, wsServer } from '../fixtures/servers.js';

const own = usePool();
const handler = new URL('../fixtures/handlers/siblings.mjs', import.meta.url);

/** What a group's handler posts, once it has posted something with that key. */
function posted(group: ConnectionGroup, key: string): Promise<object[]> {
  return new Promise((resolve) => {
    const all: object[] = [];
    group.on('post', (value) => {
      all.push(value as object);
      if (key in (value as object)) resolve(all);
    });
  });
}

describe('a connection in a handler has what one on the main thread has', () => {
  it('its URL, kind and worker, and a promise of close()', async () => {
    const port = await wsServer((peer) => peer.send('close'));
    const url = `ws://127.0.0.1:${port}/path`;
    const group = await own.pool.connectMany(url, { count: 1, handler, highWaterMark: 12_345 });
    expect(await posted(group, 'closed')).toEqual([
      {
        facts: {
          ...{ url, kind: 'ws', worker: 0, extensions: '', highWaterMark: 12_345 },
          ...{ isPaused: false, error: undefined },
        },
      },
      { code: 3001 },
      { after: 3 },
      { closed: 3 },
    ]);
  });

  it('bytes as "data", and the end of the peer, on a raw connection', async () => {
    const port = await tcpServer((peer) => peer.end('bytes'));
    const url = `tcp://127.0.0.1:${port}`;
    const group = await own.pool.connectMany(url, { count: 1, handler });
    const all = await posted(group, 'after');
    expect(all[0]).toMatchObject({ facts: { url, kind: 'raw' } });
    expect(all.slice(1)).toEqual([{ data: 'bytes' }, { end: true }, { code: 1000 }, { after: 3 }]);
  });

  it('end(), after which it still receives', async () => {
    let got: Promise<string> | undefined;
    const answer = (peer: Socket) => {
      got = text(peer);
      peer.on('end', () => peer.end('late'));
    };
    const port = await tcpServer(answer, { allowHalfOpen: true });
    const url = `tcp://127.0.0.1:${port}`;
    const group = await own.pool.connectMany(url, { count: 1, handler, data: true });
    const all = await posted(group, 'code');
    expect(all.slice(1)).toEqual([{ data: 'late' }, { code: 1000 }]);
    expect(await got).toBe('');
  });
});

it.each([
  ['tcp', 'echoing', '"data"'],
  ['ws', 'raw-only', '"message"'],
])(
  'a handler that would never hear of what comes is refused: %s, %s',
  async (scheme, name, told) => {
    const module = new URL(`../fixtures/handlers/${name}.mjs`, import.meta.url);
    const options = { count: 1, handler: module };
    const error = await rejection(own.pool.connectMany(`${scheme}://127.0.0.1:9`, options));
    expect(error.code).toBe('ERR_HANDLER_LOAD');
    expect(String(error.cause)).toContain(told);
  },
);
