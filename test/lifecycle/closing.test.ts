import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const well = (...args: string[]) => runWell('closing', { args, env: servers.env });

describe('pool.close()', () => {
  it('tells every server that it is going away', async () => {
    servers.takeCloseCodes();
    expect(await well('closeSaysGoingAway')).toEqual([
      { codes: [1001, 1001], size: 0, group: 0 },
      { errors: 0, sockets: 0 },
    ]);
    expect(servers.takeCloseCodes()).toEqual([1001, 1001, 1001, 1001, 1001, 1001]);
  });

  it('may be called twice, and so may destroy()', async () => {
    expect(await well('twice')).toEqual(['done']);
  });

  // To terminate a thread that does aborts the process: see src/workers/task.cts.
  it('ends no worker that loads ES modules with require()', async () => {
    const nodeArgs = ['--trace-require-module=all'];
    const options = { args: ['twice'], env: servers.env, nodeArgs };
    expect(await runWell('closing', options)).toEqual(['done']);
  });

  it('is overtaken by destroy()', async () => {
    expect(await well('closeThenDestroy')).toEqual([
      { code: 1006, error: 'ERR_POOL_CLOSED', sockets: 0 },
    ]);
  });

  it('cuts what has not ended in time', async () => {
    expect(await well('timeout')).toEqual([
      {
        codes: [1006, 1006],
        errors: ['ERR_POOL_CLOSED', 'ERR_POOL_CLOSED'],
        early: false,
        late: false,
        sockets: 0,
      },
    ]);
  });

  it('gives each connection its closeTimeout by default', async () => {
    expect(await well('closeTimeout')).toEqual(['ERR_CLOSE_TIMEOUT']);
  });

  it.each(['closeWhileOpening', 'closeInMidHandshake'])(
    'gives up what is being opened: %s',
    async (name) => {
      const [result] = (await well(name)) as [{ codes: string[]; sockets: number }];
      expect(result.sockets).toBe(0);
      for (const code of result.codes) {
        expect(['ERR_ABORTED', 'ERR_POOL_CLOSED', 'ERR_CONNECTION_REFUSED']).toContain(code);
      }
    },
  );

  it('gives up what a group is opening', async () => {
    const failed = { opened: 0, failed: [['ERR_POOL_CLOSED', 20]] };
    expect(await well('closeWhileGroupOpens')).toEqual(['ERR_POOL_CLOSED', failed, failed, 0]);
  });

  it('leaves nothing that could be used', async () => {
    expect(await well('afterClose')).toEqual([
      ['ERR_POOL_CLOSED', 'ERR_POOL_CLOSED'],
      'ERR_CONNECTION_CLOSED',
      ['ERR_CONNECTION_CLOSED', 0],
    ]);
  });

  it('is what `await using` calls', async () => {
    expect(await well('dispose')).toEqual([1001]);
  });

  it('ends a worker that hangs when its time is up', async () => {
    expect(await well('hangsWhileClosing')).toEqual([{ errors: ['ERR_POOL_CLOSED'] }]);
  });
});

describe('pool.destroy()', () => {
  it('gives its reason to every connection', async () => {
    expect(await well('destroyWithCause')).toEqual([
      { error: 'ERR_POOL_CLOSED', cause: true, later: 'ERR_POOL_CLOSED', many: 'ERR_POOL_CLOSED' },
    ]);
  });

  it.each(['destroyWhileOpening', 'destroyInMidHandshake'])(
    'ends what is being opened: %s',
    async (name) => {
      const [result] = (await well(name)) as [{ codes: string[]; sockets: number }];
      expect(result.sockets).toBe(0);
      for (const code of result.codes) {
        expect(['ERR_POOL_CLOSED', 'ERR_CONNECTION_REFUSED']).toContain(code);
      }
    },
  );

  it('ends a worker that hangs', async () => {
    expect(await well('hangs')).toEqual(['destroyed']);
  });
});

describe('pools', () => {
  it('leave the process as it was: it goes on to use files and names', async () => {
    const round = [true, '127.0.0.1'];
    expect(await runWell('after', { env: servers.env })).toEqual([round, round, round]);
  });

  it('leave nothing behind if their options are wrong', async () => {
    const [result] = (await well('badOptions')) as [
      { codes: string[]; before: unknown; after: unknown },
    ];
    expect(new Set(result.codes)).toEqual(new Set(['ERR_INVALID_OPTION']));
    expect(result.after).toEqual(result.before);
  });

  it('live side by side', async () => {
    expect(await well('several')).toEqual([['pool 0', 'pool 2'], 3]);
  });

  it.each(['close', 'exit', 'terminate'])(
    "live in a worker thread of the user's: %s",
    async (how) => {
      expect(await well('inWorker', how)).toEqual([{ sockets: 0 }]);
    },
  );
});
