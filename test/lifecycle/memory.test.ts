import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { run } from './support/run.js';

const LARGE = 192 * 1024 * 1024;
let server: WebSocketServer;
let url: string;
/** Those that read nothing. */
const mute = new Set<WebSocket>();

// Echoes, answers 'large, please' with as much, and has 'go' said to those that do not read.
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 2 ** 30 });
  server.on('connection', (peer, { url: path }) => {
    peer.on('error', () => undefined);
    if (path === '/mute') {
      mute.add(peer);
      peer.pause();
      return;
    }
    peer.on('message', (text: Buffer) => {
      if (text.toString() === 'large, please') peer.send(Buffer.alloc(LARGE));
      else if (text.toString() === 'go') for (const one of mute) one.send('go');
      else peer.send(text, { binary: false });
    });
  });
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  for (const peer of server.clients) peer.terminate();
  server.close();
});

/** V8 and Node.js may end a process that has no memory left; native code of ours may not. */
const OTHERS = /FATAL ERROR|Fatal process|out of memory|Allocation failed|memory allocation/i;

describe('a process that is given ever less memory', () => {
  it.each(['64', '48', '32', '16', '8', '4'])(
    'is not ended by our native code: %s MiB',
    async (more) => {
      const { lines, signal, code, stderr } = await run('short-of-memory', {
        args: ['many', url, more],
        timeout: 55_000,
      });
      expect(stderr).not.toContain('terminate called');
      const last = lines[0] as { outcome?: string[] } | undefined;
      if (last?.outcome !== undefined) expect(last.outcome).toEqual([]);
      else if (signal !== null || code !== 0) expect(stderr).toMatch(OTHERS);
    },
  );
});

describe('a process that is not given the memory for one message', () => {
  it.each(['send', 'receive', 'handler'])(
    'loses nothing but that and its connection: %s',
    async (what) => {
      const { lines, signal, code, stderr } = await run('short-of-memory', {
        args: [what, url, '96'],
        timeout: 50_000,
      });
      expect({ lines, signal, code, stderr }).toEqual({
        ...{ signal: null, code: 0, stderr: '' },
        lines: [{ outcome: 'ERR_NO_MEMORY', echoed: 'still here', crashes: [] }],
      });
    },
  );
});
