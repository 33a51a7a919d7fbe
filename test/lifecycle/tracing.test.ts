import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { identity } from '../fixtures/certificates.js';

// What the threads of a process really do with a descriptor, seen from outside by strace(1).

const PROGRAM = fileURLToPath(new URL('programs/traced.mjs', import.meta.url));
const refused = /Operation not permitted|Permission denied|not implemented/;

/** Why nothing can be traced here; undefined where it can. */
function obstacle(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']);
  if (error !== undefined) throw error;
  if (status === 0) return undefined;
  const said = stderr.toString();
  if (!refused.test(said)) throw new Error(said);
  return `ptrace(2) is not permitted here: ${said}`;
}

interface Call {
  readonly thread: number;
  readonly text: string;
}

async function trace(secure: string, how: string, poller: string) {
  const folder = mkdtempSync(join(tmpdir(), 'lws-pool-trace-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'calls');
  const { cert, key } = await identity('localhost');
  const args = ['-f', '-yy', '-e', 'trace=network,desc', '-s', '64', '-o', file];
  const child = spawn('strace', [...args, process.execPath, PROGRAM, secure, how, poller], {
    env: { ...process.env, NODE_OPTIONS: '', PEM: `${key}\n${cert}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    printed += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'MARK begin\nMARK end\n' });
  const { main, localPort } = JSON.parse(printed) as { main: number; localPort: number };
  const calls = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Call => ({ thread: Number.parseInt(line, 10), text: line.replace(/^\d+ +/, '') }));
  return { main, localPort, calls };
}

const why = obstacle();
if (why !== undefined) process.stderr.write(`Tracing is not tested: ${why}\n`);

it.skipIf(why !== undefined).each([
  ['plain', 'end', 'epoll'],
  ['plain', 'reset', 'epoll'],
  ['tls', 'end', 'epoll'],
  ['tls', 'reset', 'epoll'],
  ['plain', 'end', 'io_uring'],
  ['tls', 'reset', 'io_uring'],
])('the worker leaves the descriptor of a leased connection alone: %s, %s, %s', async (...row) => {
  const [secure, how, poller] = row;
  const { main, localPort, calls } = await trace(secure, how, poller);
  const place = (mark: string) => calls.findIndex(({ text }) => text.includes(`"MARK ${mark}`));
  const [begin, end] = [place('begin'), place('end')];
  expect(begin).toBeGreaterThan(0);
  expect(end).toBeGreaterThan(begin);
  const named = new RegExp(`\\b(\\d+)<TCP:\\[127\\.0\\.0\\.1:${localPort}->`);
  // Only the worker uses it, but for whoever leases it; and the worker is seen to serve it.
  const served = calls.filter(({ thread, text }) => thread !== main && named.test(text));
  const [worker, ...others] = new Set(served.map(({ thread }) => thread));
  expect(others).toEqual([]);
  const serves = /^(recvfrom|recvmsg|read)\(/;
  expect(
    calls.slice(0, begin).some((call) => served.includes(call) && serves.test(call.text)),
  ).toBe(true);
  // From here on by its number: a socket that was reset has no address any more.
  const number = served.map(({ text }) => named.exec(text)?.[1]).at(0);
  const own = new RegExp(`[( ]${number}<`);
  const after = calls.slice(end).filter(({ thread, text }) => thread === worker && own.test(text));
  expect(after.some(({ text }) => serves.test(text))).toBe(true);

  const during = calls
    .slice(begin, end)
    .filter(({ thread, text }) => thread !== main && own.test(text));
  // Nor does its loop turn for nothing.
  const waits = calls
    .slice(begin, end)
    .filter(({ thread, text }) => thread === worker && text.startsWith('epoll_pwait('));
  expect(waits.length).toBeLessThan(100);
  const removal = expect.stringMatching(new RegExp(`^epoll_ctl\\(.*, EPOLL_CTL_DEL, ${number}<`));
  // A ring is told by number of the poll, not of the descriptor.
  expect(during.map(({ text }) => text)).toEqual(poller === 'epoll' ? [removal] : []);
});
