import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandLine } from '../fixtures/command-line.js';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

// The first that is used ends the process. What is deprecated in the documentation alone counts too.
const strict = ['--throw-deprecation', '--pending-deprecation'];

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

describe('nothing that Node.js deprecates is used', () => {
  it('by the library', async () => {
    const { env } = servers;
    const lines = await runWell('deprecations', { env, nodeArgs: strict });
    const plain = ['a message', ['ESTABLISHED', null], 'a stream'];
    const tls = ['a message', ['ESTABLISHED', 'CN=localhost'], 'a stream'];
    expect(lines).toEqual([true, ...plain, ...tls, 'bytes']);
  });

  it('by the command line, on both sides of a load', async () => {
    const demo = new CommandLine(['demo'], { NODE_OPTIONS: strict.join(' ') });
    const { status, signal, stderr } = await demo.outcome();
    expect(stderr).not.toMatch(/deprecat|DEP\d/i);
    expect({ status, signal }).toEqual({ status: 0, signal: null });
  });
});
