import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWell } from './support/run.js';
import { type Servers, startServers } from './support/server.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

describe('a worker that does not answer', () => {
  it('may go on later: what it says of what is over finds nobody, and its slots are used again', async () => {
    expect(await runWell('hanging', { args: ['goesOn'], env: servers.env })).toEqual([
      Array.from({ length: 4 }, () => 'ERR_HANDSHAKE_TIMEOUT'),
      {
        // The group that keeps it busy, two connections, two of a group, three that are opening.
        busy: 8,
        echoes: ['waited', '0', '1', '2', '3', '4', '5', '6', '7'],
        full: 'ERR_TOO_MANY_CONNECTIONS',
        errors: [null, 'ERR_CLOSE_TIMEOUT'],
        size: 0,
      },
    ]);
  });

  it('leaves nothing of a group that was given up', async () => {
    expect(await runWell('hanging', { args: ['given'], env: servers.env })).toEqual([
      ['ERR_HANDSHAKE_TIMEOUT', 'handler', 0, 1],
      [3, 4],
    ]);
  });

  it('is not ended for time in which the main thread was busy itself', async () => {
    const args = ['standsStill', 'busy'];
    const lines = await runWell('hanging', { args, env: servers.env });
    expect(lines).toEqual(['still', ['there', []]]);
  });

  it('is not ended for time in which the process was suspended', async () => {
    let pid = 0;
    const lines = await runWell('hanging', {
      args: ['standsStill', 'suspended'],
      env: servers.env,
      onStart: (started) => {
        pid = started;
      },
      onLine: (line, kill) => {
        if (line === 'still') void suspended(pid).then(() => kill('SIGCONT'));
      },
    });
    expect(lines).toEqual(['still', ['there', []]]);
  });

  it('and that nothing interrupts is replaced all the same, and the pool can be destroyed', async () => {
    expect(await runWell('hanging', { args: ['waits'], env: servers.env })).toEqual([
      ['ERR_WORKER_CRASHED', 'ERR_WORKER_UNRESPONSIVE', { worker: 0, timeout: 1500 }, 'again'],
      [['WORKER_STUCK', 1]],
    ]);
  });
});

/** Until it has stood still for longer than its worker may take to answer. */
async function suspended(pid: number): Promise<void> {
  const state = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
  while (state() !== 'T') await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 4_000));
}
