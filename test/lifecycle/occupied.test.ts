import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

describe('while a worker does not come back from a BIO', () => {
  it.each([
    ['destroy', 'ERR_POOL_CLOSED'],
    ['close', 'ERR_POOL_CLOSED'],
  ])('the main thread looks and gives back, and %s() ends it', async (way, error) => {
    const [looks, ended] = await runWell('occupied', {
      args: ['looks', way],
      env: servers.env,
      timeout: 50_000,
    });
    expect(looks).toEqual({
      record: true,
      records: 2,
      stats: 'nothing',
      exclusive: 'nothing',
      shared: 'nothing',
      waiting: 'ERR_LEASE_TIMEOUT',
      option: 'ERR_WORKER_BUSY',
      descriptor: 'ERR_WORKER_BUSY',
      protocol: 'ERR_WORKER_BUSY',
      released: [true, true],
      elsewhere: 'TLSv1.3',
      given: true,
      ticks: 20,
    });
    expect(ended).toEqual({ closed: 1006, error, record: expect.any(String) });
  });

  it('a lease that is given back is not lost', async () => {
    expect(await runWell('occupied', { args: ['returns'], env: servers.env })).toEqual([
      'exclusive',
    ]);
  });
});
