import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const well = (...args: string[]) =>
  runWell('leaking', {
    args,
    env: servers.env,
    nodeArgs: ['--expose-gc'],
    timeout: 60_000,
  });

describe('nothing is left', () => {
  // Each has a worker to start, which takes a busy machine a second: its process tells of progress.
  it('of 100 pools, one after the other', { timeout: 600_000 }, async () => {
    const lines = await well('pools', '100');
    const result = lines.at(-1) as { before: unknown; after: unknown; grown: number };
    expect(result.after).toEqual(result.before);
    // KiB for each pool: one that JavaScript's collector cannot have would leave 200.
    expect(result.grown).toBeLessThan(120);
  });

  it('of TLS options that were used once', async () => {
    const [grown] = (await well('tlsOptions', '200')) as [number];
    // KiB for each: the certificates alone would leave 700.
    expect(grown).toBeLessThan(100);
  });

  it('of connections that nobody keeps', async () => {
    expect(await well('connections', '100')).toEqual([{ sockets: 0, size: 0 }]);
  });

  it('of connections, in whatever way they end', async () => {
    const [result] = (await well('everyWay')) as [{ before: unknown; after: unknown }];
    expect(result.after).toEqual(result.before);
  });

  it('that keeps the process alive, of pools that nobody keeps', async () => {
    expect(await well('droppedPools')).toEqual(['dropped']);
  });
});

describe('nothing is lost', () => {
  it("of other threads' descriptors, while pools come and go", async () => {
    expect(await runWell('foreign-descriptors', { env: servers.env })).toEqual(['untouched']);
  });

  it('of a connection that only its own events hold', async () => {
    expect(await well('droppedTraffic')).toEqual([20]);
  });

  it('of a batch of messages, when listeners throw', async () => {
    expect(await well('batch')).toEqual([
      {
        seen: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
        thrown: ['0', '2', '4', '6', '8', 'close'],
      },
    ]);
  });
});
