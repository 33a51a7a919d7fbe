import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const well = (...args: string[]) => runWell('crashing', { args, env: servers.env });

describe('a worker that dies', () => {
  it.each(['exit', 'throw', 'stack'])(
    'takes its own connections with it, and is replaced: %s',
    async (way) => {
      const lines = await well('inTraffic', way);
      const { doomed } = lines[0] as { doomed: [number, number, number] };
      /** A group, of whose connections so many were the worker's. */
      const without = (opened: number, lost: number) => {
        const errors = lost === 0 ? [] : [['ERR_WORKER_CRASHED', lost]];
        return { opened, size: opened - lost, failed: [], errors };
      };
      const group = without(6, doomed[0]);
      expect(lines).toEqual([
        {
          mine: [[1006], ['ERR_WORKER_CRASHED']],
          others: expect.arrayContaining([1]),
          crashes: [['ERR_WORKER_CRASHED', 0, true]],
          group,
          secure: without(6, doomed[1]),
          survivor: without(2, doomed[2]),
          doomed,
        },
        { workers: [0, 1], echoes: 1 },
        expect.arrayContaining([expect.stringMatching(/^ERR_(HANDSHAKE_TIMEOUT|WORKER_CRASHED)$/)]),
        { size: 0, sockets: 0, group: { ...group, size: 0 } },
      ]);
    },
  );

  it('ends what waits for a handler', async () => {
    expect(await well('whileLoading')).toEqual([
      ['ERR_WORKER_CRASHED', 'ERR_WORKER_CRASHED', 0],
      'again',
    ]);
  });

  it('leaves an idle pool, and the process ends by itself', async () => {
    expect(await well('idleDies')).toEqual(['ERR_WORKER_CRASHED']);
  });

  it('while it loads the addon takes nobody along', async () => {
    expect(await runWell('terminated', { env: servers.env })).toEqual([true]);
  });

  it('of too little memory is replaced like any other', async () => {
    const { stderr, ...ended } = await run('crashing', {
      args: ['outOfMemory'],
      env: servers.env,
      nodeArgs: ['--max-old-space-size=48'],
    });
    expect(ended).toEqual({
      code: 0,
      signal: null,
      hung: false,
      lines: [
        [
          'ERR_WORKER_CRASHED',
          'ERR_WORKER_OUT_OF_MEMORY',
          { opened: 2, size: 0, failed: [], errors: [['ERR_WORKER_CRASHED', 2]] },
        ],
        'again',
      ],
    });
    // V8 tells of its last collections, and of nothing else.
    expect(stderr).not.toMatch(/assert|uv loop|at /i);
  });

  it.each(['exit', 'throw'])('again and again makes the pool fail: %s', async (way) => {
    expect(await well('againAndAgain', way)).toEqual([
      {
        crashes: Array.from({ length: 6 }, () => 'ERR_WORKER_CRASHED'),
        codes: ['ERR_WORKER_CRASHED', 'ERR_POOL_FAILED'],
        cause: 'ERR_WORKER_CRASHED',
        beneath: true,
        backedOff: true,
      },
      { size: 0, sockets: 0 },
    ]);
  });
});
