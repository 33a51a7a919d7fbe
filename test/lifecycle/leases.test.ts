import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const well = (...args: string[]) =>
  runWell('leasing', { args, env: servers.env, nodeArgs: ['--expose-gc'] });

const revoked = {
  uses: ['ERR_LEASE_REVOKED'],
  reasons: ['ERR_LEASE_REVOKED'],
  waiting: ['ERR_CONNECTION_CLOSED'],
};

describe.each(['exclusive', 'shared'])('%s leases that are held and waited for', (mode) => {
  it.each(['crash', 'close', 'destroy', 'ends'])('are revoked: %s', async (name) => {
    expect(await well(name, mode)).toEqual([revoked]);
  });

  it.each(['exit', 'throws'])('do not keep the process: %s', async (name) => {
    expect(await well(name, mode)).toEqual([4]);
  });
});

it("a handler's lease goes with its worker", async () => {
  expect(await well('handlerExit')).toEqual([
    [1006, 'ERR_WORKER_CRASHED', 'ERR_CONNECTION_CLOSED'],
  ]);
});

describe('a lease that nobody has any more', () => {
  it('is given back, and reported with the place where it was taken', async () => {
    expect(await well('leaked')).toEqual([
      {
        report: { kind: 'leaked', mode: 'exclusive', label: 'forgotten' },
        token: true,
        id: true,
        stack: true,
        warnings: ['LEASE_LEAKED'],
      },
    ]);
  });

  it('gives up its descriptor, even if it was over before', async () => {
    expect(await well('forgottenDescriptor')).toEqual([{ before: true, after: false, reports: 0 }]);
  });
});
