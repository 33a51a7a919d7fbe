import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const well = (args: readonly string[], limit?: number) =>
  runWell('promises', { args, env: servers.env, limit });

/** What the worker has no part in. */
const ALONE = {
  ...{ sample: 'done', flightRecords: 'done', writeTrace: 'done', metrics: 'done' },
  ...{ telemetry: 'done', listenDebug: 'done', leaseDispose: 'done', return: 'done' },
  ...{ ringTimeout: 'done', ringClose: 'done', again: 'worker 1' },
  ...{ poolClose: 'done', poolDestroy: 'done', aborted: 'ERR_ABORTED' },
};
/** It was told only when the worker was replaced. */
const late = (how: string) => `${how}, when it is over`;
const LOST = 'ERR_WORKER_CRASHED';

describe('every promise settles', () => {
  it('while a worker hangs: by its own deadline, at the latest when the worker is replaced', async () => {
    const [outcomes] = await well(['worker', 'hang']);
    expect(outcomes).toEqual({
      ...ALONE,
      connect: 'ERR_HANDSHAKE_TIMEOUT',
      connectHandled: 'ERR_HANDSHAKE_TIMEOUT',
      connectAfter: 'worker 1',
      connectManyAfter: 'done',
      lease: 'ERR_LEASE_TIMEOUT',
      withLease: 'ERR_LEASE_TIMEOUT',
      leaseAll: 'ERR_LEASE_TIMEOUT',
      close: 'ERR_CLOSE_TIMEOUT',
      dispose: 'ERR_CLOSE_TIMEOUT',
      terminate: 'no error',
      streamDestroy: 'done',
      streamEnd: 'ERR_CLOSE_TIMEOUT',
      groupClose: 'done',
      groupDispose: 'done',
      groupTerminate: 'done',
      // These have no deadline.
      flushed: late(LOST),
      next: late(LOST),
      streamRead: late(LOST),
      ringRecv: late('ERR_LEASE_REVOKED'),
      groupClosed: late('done'),
      groupReady: late('done'),
    });
  });

  it('when a worker dies: with it', async () => {
    const [outcomes] = (await well(['worker', 'exit'])) as [Record<string, string>];
    const how = (outcome: string) => outcome.replace(', when it is over', '');
    const settled = Object.entries(outcomes).map(([name, outcome]) => [name, how(outcome)]);
    // Before it is gone, a worker that exits may still do what it was told, and end what it has.
    const either = expect.stringMatching(/^(done|ERR_WORKER_CRASHED|ERR_CONNECTION_CLOSED)$/);
    const ended = expect.stringMatching(/^(no error|-|ERR_WORKER_CRASHED)$/);
    expect(Object.fromEntries(settled)).toEqual({
      ...ALONE,
      ...{ connect: LOST, connectHandled: LOST, next: LOST, streamRead: LOST },
      ...{ flushed: either, lease: either, withLease: either, leaseAll: either },
      ...{ close: ended, dispose: ended, terminate: ended, streamDestroy: 'done' },
      streamEnd: either,
      ringRecv: 'ERR_LEASE_REVOKED',
      ...{ groupClose: 'done', groupDispose: 'done', groupTerminate: 'done' },
      ...{ groupClosed: 'done', groupReady: 'done' },
    });
  });

  it.each(['close', 'destroy'])('when a pool ends whose worker hangs: pool.%s()', async (how) => {
    const [outcomes] = await well(['end', how]);
    const ERR = 'ERR_POOL_CLOSED';
    const cut = how === 'close' ? 'ERR_CLOSE_TIMEOUT' : ERR;
    expect(outcomes).toEqual([ERR, ERR, ERR, ERR, ERR, cut, ERR, 'done', 'done']);
  });

  it('where no descriptor is left: by a code that says so, and all works again later', async () => {
    const short = 'ERR_TOO_MANY_FILES';
    expect(await well(['descriptors'], 200)).toEqual([
      {
        ...{ createPool: 'ERR_WORKER_START', connect: short, connectByName: short },
        ...{ connectMany: short, metrics: short, telemetry: short, listenDebug: short },
        ...{ connectHandled: short, connectManyUnloaded: short, writeTrace: short },
        aborted: 'ERR_ABORTED',
        ...{ lease: 'done', withLease: 'done', leaseAll: 'done', leaseDispose: 'done' },
        ...{ sample: 'done', flightRecords: 'done', flushed: 'done', next: 'done' },
        ...{ return: 'done', ringRecv: 'done', ringTimeout: 'done', streamRead: 'done' },
        ...{ streamDestroy: 'done', streamEnd: 'done', groupReady: 'done', groupClose: 'done' },
        ...{ close: 'no error', dispose: '-', terminate: 'no error' },
      },
      {
        ...{ createPool: 'done', connect: 'done', connectHandled: 'done', connectMany: '' },
        ...{ writeTrace: 'done', metrics: 'done', telemetry: 'done', listenDebug: 'done' },
      },
      ['done', 'done', 'done'],
    ]);
  });

  it.each(['exit', 'throw'])(
    'of a worker that dies where no descriptor is left, it is replaced once there are some: %s',
    async (way) => {
      expect(await well(['crashAtLimit', way], 200)).toEqual([
        {
          crashes: ['ERR_WORKER_CRASHED'],
          warnings: [['WORKER_NOT_STARTED', 'EMFILE']],
          mine: 'ERR_WORKER_CRASHED',
          again: 0,
        },
      ]);
    },
  );
});
