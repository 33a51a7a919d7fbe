import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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

/** Builds a library of support/ that is loaded ahead of Node.js; its path. */
async function preloaded(name: string, folder: string): Promise<string> {
  const library = join(folder, `${name}.so`);
  const source = fileURLToPath(new URL(`support/${name}.c`, import.meta.url));
  await promisify(execFile)(process.env.CC || 'cc', ['-shared', '-fPIC', '-o', library, source]);
  return library;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lws-pool-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a process that is given ever less memory', () => {
  let env: Record<string, string>;
  beforeAll(async () => {
    env = { LD_PRELOAD: await preloaded('whose-fault', folder) };
  });

  // V8 and Node.js may end a process that has no memory left, by abort(3) or a trap, and
  // std::terminate() of V8's own; whose-fault.c says the same of V8's unchecked allocations. Whoever
  // else touches what could not be made dies of another signal.
  it.each(['64', '48', '32', '16', '8', '4'])(
    'is not ended by our native code: %s MiB',
    async (more) => {
      const { lines, signal, stderr } = await run('short-of-memory', {
        args: ['many', url, more],
        env,
        timeout: 55_000,
      });
      expect(['SIGABRT', 'SIGTRAP', 'SIGILL', null], stderr).toContain(signal);
      const last = lines[0] as { outcome?: string[] } | undefined;
      if (last?.outcome !== undefined) expect(last.outcome).toEqual([]);
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

describe('where there is no memory for what a worker has to tell', () => {
  let env: Record<string, string>;
  beforeAll(async () => {
    const library = await preloaded('short', folder);
    env = { LD_PRELOAD: library, LWSPOOL_TEST_SHORT: join(folder, 'short') };
  });

  it('of one connection, that one ends', async () => {
    const { lines, signal, code } = await run('no-slab', {
      args: ['message', url],
      env,
      timeout: 50_000,
    });
    const line = { closedWith: 'ERR_NO_MEMORY', echoed: 15_000, crashes: [] };
    expect({ lines, signal, code }).toEqual({ lines: [line], signal: null, code: 0 });
  });

  it('nor to tell of its end, the worker ends and is replaced', async () => {
    const { lines, signal, code } = await run('no-slab', {
      args: ['pong', url],
      env,
      timeout: 50_000,
    });
    const crash = ['ERR_WORKER_CRASHED', expect.stringContaining('std::bad_alloc')];
    const line = { closedWith: 'ERR_WORKER_CRASHED', echoed: 15_000, crashes: [crash] };
    expect({ lines, signal, code }).toEqual({ lines: [line], signal: null, code: 0 });
  });
});
