import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parseExposition, sumOf } from '../fixtures/exposition.js';
import { echo, wsServer } from '../fixtures/servers.js';

const example = fileURLToPath(new URL('../../examples/metrics.mjs', import.meta.url));

async function start(...args: string[]): Promise<{ child: ChildProcess; url: URL }> {
  const child = spawn(process.execPath, [example, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [line] = await once(
    createInterface({ input: child.stdout as NodeJS.ReadableStream }),
    'line',
  );
  return { child, url: new URL(line) };
}

/** Asks, and is gone before the answer is there, or in the middle of it. */
async function disconnecting(url: URL, after: 'request' | 'answer'): Promise<void> {
  const socket = net.connect(Number(url.port), url.hostname);
  await once(socket, 'connect');
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  if (after === 'answer') await once(socket, 'data');
  socket.resetAndDestroy();
}

it('the example serves metrics, whatever its scrapers do', async () => {
  const port = await wsServer(echo);
  const { child, url } = await start(`ws://127.0.0.1:${port}/`, '0');
  const scrape = async () => {
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    // prom-client's own metrics are not always numbers.
    return parseExposition((await response.text()).replace(/^nodejs_.* nan\n/gim, ''));
  };
  const received = async () => sumOf(await scrape(), 'lws_pool_messages_received_total');
  for (let i = 0; i < 20; i++) await disconnecting(url, i % 2 === 0 ? 'request' : 'answer');
  const before = await received();
  let now = before;
  while (now <= before + 10) now = await received();
  const seen = await scrape();
  expect(sumOf(seen, 'lws_pool_connections', { pool: 'example', state: 'open' })).toBe(10);
  expect(sumOf(seen, 'lws_pool_connections_closed_total')).toBe(0);
  expect((await fetch(new URL('/', url))).status).toBe(404);
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  expect(await exit).toEqual([0, null]);
});
