import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CommandLine } from '../fixtures/command-line.js';

/** Processes that were started by this one. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const alive = (pid: number) => {
    try {
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  await expect.poll(() => pids.filter(alive), { timeout: 5_000 }).toEqual([]);
}

describe('lws-pool demo', () => {
  it('runs 500 plain and 500 TLS connections, and ends with 0', async () => {
    const demo = new CommandLine(['demo']);
    const { status, stdout } = await demo.outcome();
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/$/m);
    expect(stdout).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/$/m);
    expect(stdout.match(/^ {2}connections +500 {2}opened/gm)).toHaveLength(2);
    expect(stdout.match(/All connections opened and no message was lost/g)).toHaveLength(2);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  }, 40_000);

  it.skipIf(process.platform !== 'linux').each(['SIGINT', 'SIGKILL'] as const)(
    'takes its target along on %s',
    async (signal) => {
      const demo = new CommandLine(['demo']);
      await demo.untilPrinted('stderr', /exchanging/);
      const targets = childrenOf(demo.process.pid ?? 0);
      expect(targets).toHaveLength(1);
      await demo.kill(signal);
      await untilGone(targets);
    },
  );
});
