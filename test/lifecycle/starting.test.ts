// A pool that cannot start says why, at once, and leaves nothing behind.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const start = (STARTING: string, ...nodeArgs: string[]): Promise<readonly unknown[]> =>
  runWell('starting', { nodeArgs, env: { ...servers.env, STARTING } });

describe('where Node.js makes no thread', () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const may = ['--no-warnings', permission, '--allow-fs-read=*', '--allow-addons'];

  it('by its permission model, a pool is refused, and says it', async () => {
    const [refused] = await start('create', ...may);
    expect(refused).toEqual({ code: 'ERR_WORKER_START', worker: 0, cause: 'ERR_ACCESS_DENIED' });
  });

  it('a pool starts with the permissions that docs/deploying.md names', async () => {
    expect(await start('create', ...may, '--allow-worker')).toEqual(['created']);
    const docs = readFileSync(new URL('../../docs/deploying.md', import.meta.url), 'utf8');
    expect(docs).toContain('--permission --allow-addons --allow-worker --allow-fs-read=');
  });

  it('for whatever reason, a pool is refused at once, and later starts', async () => {
    const refused = { code: 'ERR_WORKER_START', worker: 0, cause: 'no thread, as it should be' };
    expect(await start('forbidden')).toEqual([[refused, 'created']]);
  });

  it('a running pool goes on trying to replace a worker', async () => {
    expect(await start('replaced')).toEqual([['ERR_WORKER_CRASHED', 'WORKER_NOT_STARTED']]);
  });
});

describe('a pool in a module that workers load too', () => {
  const program = fileURLToPath(new URL('programs/starting.mjs', import.meta.url));
  const preload = (name: string) =>
    runWell('nothing', { nodeArgs: ['--import', program], env: { STARTING: name } });

  it('is refused in each, and with them the first', async () => {
    // Whichever worker comes to it first.
    const worker = expect.toBeOneOf([0, 1]);
    const refused = { code: 'ERR_WORKER_START', worker, cause: 'ERR_NESTED_POOL' };
    expect(await preload('preloaded')).toEqual([refused]);
  });

  it('is refused in each, which start where the module copes with it', async () => {
    const lines = await preload('preloadedTolerant');
    const refused = [false, 'ERR_NESTED_POOL'];
    expect(lines.filter((line) => !(line as unknown[])[0])).toEqual([refused, refused]);
    expect(lines.filter((line) => (line as unknown[])[0])).toEqual([[true, 'created']]);
  });

  it('can be created in the main thread alone', async () => {
    const lines = await preload('preloadedGuarded');
    expect(lines.toSorted()).toEqual(['created', 'none', 'none']);
  });
});
