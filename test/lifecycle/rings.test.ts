import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

const execute = promisify(execFile);
const { ENOSYS, EPERM } = constants.errno;
let servers: Servers;
let folder: string;
beforeAll(async () => {
  servers = await startServers();
  folder = await mkdtemp(join(tmpdir(), 'lws-pool-'));
  const source = fileURLToPath(new URL('support/forbid.c', import.meta.url));
  await execute(process.env.CC || 'cc', ['-o', join(folder, 'forbid'), source]);
});
afterAll(async () => {
  await servers.stop();
  await rm(folder, { recursive: true });
});

const well = (name: string) =>
  runWell('rings', { args: [name], env: servers.env, nodeArgs: ['--expose-gc'] });

describe('where io_uring is forbidden', () => {
  it.each([
    ['EPERM', EPERM, 'EPERM: it is forbidden, as by the seccomp filter of a container'],
    ['ENOSYS', ENOSYS, 'ENOSYS: the kernel has none, or a seccomp filter says so'],
  ])('%s is said, and everything else works', async (_name, errno, reason) => {
    const program = fileURLToPath(new URL('programs/rings.mjs', import.meta.url));
    const { stdout, stderr } = await execute(
      join(folder, 'forbid'),
      [String(errno), process.execPath, program, 'forbidden'],
      { env: { ...process.env, ...servers.env, NODE_OPTIONS: '' }, timeout: 20_000 },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      ...{ code: 'ERR_URING_UNAVAILABLE', reason, same: true },
      ...{ available: false, opcodes: 0, recvMultishot: false, unread: 0, data: 'still' },
    });
  });
});

describe('operations in flight', () => {
  it('end when their worker crashes', async () => {
    expect(await well('crash')).toEqual([['ERR_LEASE_REVOKED', 0]]);
  });

  it("in a worker's own ring end with the worker", async () => {
    expect(await well('handlerCrash')).toEqual(['crashed', ['ERR_WORKER_CRASHED', 1]]);
  });

  it.each([
    ['exit', 'exiting'],
    ['throws', 'throwing'],
  ])('do not keep a process that ends: %s', async (name, line) => {
    expect(await well(name)).toEqual([line]);
  });

  it('end when their connection is taken away', async () => {
    expect(await well('detach')).toEqual([['ERR_ABORTED', true]]);
  });
});

it('a ring goes when nobody has it and nothing is in flight', async () => {
  expect(await well('collected')).toEqual([[6, 1, 0]]);
});
