import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { run } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lws-pool-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A process that can be watched; once it is, the signal. */
async function watched(directory: string, name: string, signal?: NodeJS.Signals) {
  const ended = await run('watched', {
    args: [name, join(directory, 'debug')],
    env: servers.env,
    ...(signal && { onLine: (_line: unknown, kill: (s: NodeJS.Signals) => void) => kill(signal) }),
  });
  expect(ended.hung).toBe(false);
  return { code: ended.code, signal: ended.signal, left: readdirSync(directory) };
}

describe('the debug socket', () => {
  it.each([
    ['process.exit()', 'exit', undefined, 0],
    ['an exception that nobody catches', 'uncaught', undefined, 1],
    ['a listener of SIGTERM that closes the pool', 'signalHandled', 'SIGTERM', 0],
  ] as const)('is removed by %s', async (_, name, signal, code) => {
    expect(await watched(folder(), name, signal)).toEqual({ code, signal: null, left: [] });
  });

  // No JavaScript runs then, and signals are the application's.
  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    'stays after %s that nobody listens to, and the next process takes the path over',
    async (signal) => {
      const directory = folder();
      const left = ['debug'];
      expect(await watched(directory, 'signal', signal)).toEqual({ code: null, signal, left });
      expect(await watched(directory, 'exit')).toEqual({ code: 0, signal: null, left: [] });
    },
  );
});
