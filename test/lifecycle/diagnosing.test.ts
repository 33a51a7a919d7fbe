import { afterAll, beforeAll, expect, it } from 'vitest';
import { run, runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

it('a subscriber that throws hurts no connection and no lease', async () => {
  expect(await runWell('diagnosing', { args: ['caught'], env: servers.env })).toEqual([
    'unharmed',
    [
      'lws-pool:connection:closed',
      'lws-pool:connection:opened',
      'lws-pool:connection:start',
      'lws-pool:lease:granted',
      'lws-pool:lease:released',
      'lws-pool:worker:started',
    ],
  ]);
});

it('what it throws ends a process that does not expect it, as of any other listener', async () => {
  const { code, stderr, hung } = await run('diagnosing', { args: ['uncaught'], env: servers.env });
  expect({ code, hung }).toEqual({ code: 1, hung: false });
  expect(stderr).toContain('Error: lws-pool:worker:started');
});
