// What is made where descriptors run out is made or refused, whole: nothing is left in the loop, no
// loop turns for nothing, and the process ends by itself.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

const execute = promisify(execFile);
let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

/** Runs a case of the program with so few descriptors that it is quick to use them up. */
async function withFew(...args: string[]): Promise<unknown> {
  const program = fileURLToPath(new URL('programs/shortage.mjs', import.meta.url));
  const { stdout, stderr } = await execute(
    '/bin/sh',
    ['-c', 'ulimit -n 200; exec "$@"', 'sh', process.execPath, program, ...args],
    { env: { ...process.env, ...servers.env, NODE_OPTIONS: '' }, timeout: 2 * PATIENCE },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('where descriptors run out', () => {
  it.each(['epoll', 'io_uring'])('a service is made whole or not at all: %s', async (poller) => {
    const { outcomes, idle } = (await withFew('service', poller)) as Record<string, string[]>;
    const refusals = outcomes?.filter((outcome) => outcome !== 'none') ?? [];
    // Where io_uring is forbidden it is that which is said, each time.
    const forbidden = /^io_uring_setup: (EPERM|ENOSYS|EINVAL)/;
    if (refusals.some((refusal) => forbidden.test(refusal))) return;
    expect(outcomes).toContain('none');
    expect(refusals.length).toBeGreaterThan(0);
    for (const refusal of refusals) expect(refusal).toMatch(/\bEMFILE\b/);
    expect(idle).toBe(true);
  });

  it('a connection opens, or says so', async () => {
    const outcomes = (await withFew('connections')) as Record<string, string[]>;
    for (const [name, codes] of Object.entries(outcomes)) {
      expect([name, codes]).toEqual([name, ['ERR_TOO_MANY_FILES', 'none']]);
    }
  });

  it('what takes one in passing is done, or says so', async () => {
    const { features, ...outcomes } = (await withFew('passing')) as Record<string, string[]>;
    for (const [name, codes] of Object.entries(outcomes)) {
      expect([name, codes]).toEqual([name, ['ERR_TOO_MANY_FILES', 'none']]);
    }
    // Where io_uring is forbidden, that is known without one.
    expect([['ERR_TOO_MANY_FILES', 'none'], ['none']]).toContainEqual(features);
  });

  it('a ring is made, or says so', async () => {
    const { outcomes, idle } = (await withFew('ring')) as Record<string, string[]>;
    // Where io_uring is forbidden it is that which is said, each time.
    const short = outcomes?.every((outcome) => outcome === 'ERR_URING_UNAVAILABLE')
      ? /^ERR_URING_UNAVAILABLE$/
      : /^(none|ERR_TOO_MANY_FILES)$/;
    for (const outcome of outcomes ?? []) expect(outcome).toMatch(short);
    expect(idle).toBe(true);
  });
});
