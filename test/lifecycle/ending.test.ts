import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, run, runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

/** Sends a signal once the program says that it is ready. */
const end = (args: readonly string[], signal?: NodeJS.Signals): Promise<Ended> =>
  run('ending', {
    args,
    env: servers.env,
    onLine: (line, kill) => {
      if (line === 'ready' && signal !== undefined) kill(signal);
    },
  });

const exited = { code: 7, signal: null, stderr: '', lines: [], hung: false };

describe('in the middle of traffic', () => {
  it.each(['exit', 'exitInListener', 'exitInPost', 'destroyAtExit', 'useAtExit'])(
    'process.exit() ends the process: %s',
    async (name) => {
      expect(await end([name])).toEqual(exited);
    },
  );

  it.each(['uncaught', 'uncaughtInListener', 'rejection'])(
    'an exception ends it: %s',
    async (name) => {
      const { stderr, ...ended } = await end([name]);
      expect(ended).toEqual({ code: 1, signal: null, lines: [], hung: false });
      expect(stderr).toContain('Error: uncaught, as it should be');
      expect(stderr).not.toMatch(/[Aa]ssert|uv loop|FATAL/);
    },
  );

  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it', async (signal) => {
    expect(await end(['signal'], signal)).toEqual({
      code: null,
      signal,
      stderr: '',
      lines: ['ready'],
      hung: false,
    });
  });

  it.each([
    ['signalHandled', 'SIGTERM', 'closed'],
    ['signalHandled', 'SIGINT', 'closed'],
    ['signalDestroyed', 'SIGTERM', 'destroyed'],
  ] as const)('a listener ends it: %s %s', async (name, signal, last) => {
    expect(await end([name, signal], signal)).toEqual({
      code: 0,
      signal: null,
      stderr: '',
      lines: ['ready', last],
      hung: false,
    });
  });

  it('a listener of SIGTERM may call process.exit()', async () => {
    expect(await end(['signalExits', 'SIGTERM'], 'SIGTERM')).toEqual({
      ...exited,
      lines: ['ready'],
    });
  });

  it.each([
    ['destroy', 'destroyed'],
    ['close', 'closed'],
    ['terminateAll', 'closed'],
  ])('%s ends it', async (name, last) => {
    expect(await end([name])).toEqual({ ...exited, code: 0, lines: [last] });
  });

  it('the end of the script does not: it stays for the connections', async () => {
    const lines = await runWell('script-end', { env: servers.env });
    expect(lines.toSorted()).toEqual([1000, 1000, 'closed', 'closed']);
  });
});
