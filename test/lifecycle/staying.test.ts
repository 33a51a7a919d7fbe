import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

describe('a process', () => {
  const well = (name: string) => runWell('staying', { args: [name], env: servers.env });

  it('ends by itself with an idle pool', async () => {
    expect(await well('idle')).toEqual(['created']);
  });

  it('ends by itself with a pool that is idle again', async () => {
    expect(await well('idleAfterUse')).toEqual(['closed']);
  });

  it('ends by itself while it is observed, and leaves no socket behind', async () => {
    expect(await well('observed')).toEqual(['observed', []]);
  });

  it.each(['connection', 'handled'])('stays for a connection: %s', async (name) => {
    expect(await well(name)).toEqual([1000]);
  });

  it('stays for a paused connection', async () => {
    expect(await well('paused')).toEqual([1006]);
  });

  it('stays for a group', async () => {
    expect(await well('group')).toEqual(['closed']);
  });

  it('stays for a connection that is being opened', async () => {
    const lines = await runWell('staying', {
      args: ['opening'],
      env: servers.env,
      onLine: (line) => line === 'unpark' && servers.unpark(),
    });
    expect(lines).toEqual(['unpark', 'open']);
  });

  it.each([
    ['awaiting', ['closed']],
    ['awaitingClose', ['closed']],
    ['awaitingDestroy', ['destroyed']],
    ['awaitingHandler', ['closed']],
    ['awaitingGroupHandler', ['closed']],
    ['awaitingMissingHandler', ['ERR_HANDLER_LOAD', 'ERR_HANDLER_LOAD']],
  ])('stays for what it awaits at the top level: %s', async (name, lines) => {
    expect(await well(name)).toEqual(lines);
  });
});
