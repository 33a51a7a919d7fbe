import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../lib/server.mjs';
import { sharesOf, urlFor } from '../peers/contract/addresses.mjs';
import { runClient } from '../peers/contract/client.mjs';
import { readWorkload } from '../peers/contract/workload.mjs';

const commandLine = ['--mode', 'connect', '--connections', '5', '--url', 'ws://a/,ws://b/'];

test('connections take turns, whether one by one or as shares', () => {
  const urls = ['a', 'b', 'c'];
  for (const count of [1, 2, 3, 7, 9]) {
    const asked = Array.from({ length: count }, (_, index) => urlFor(urls, index));
    const counted = urls.map((url) => [url, asked.filter((other) => other === url).length]);
    const wanted = counted.filter(([, share]) => share > 0);
    assert.deepEqual(sharesOf(urls, count), wanted);
  }
});

test('a client is told the address of each connection', async () => {
  const workload = readWorkload([...commandLine, '--warmup', '2']);
  assert.equal(workload.url, 'ws://a/');
  const asked = [];
  const open = (events, url) => {
    asked.push(url);
    setImmediate(events.opened, {});
  };
  const { opened } = await runClient({ open }, workload);
  assert.equal(opened, 5);
  const [a, b] = ['ws://a/', 'ws://b/'];
  assert.deepEqual(asked, [a, b, a, b, a, b, a]);
});

test('a server of which many connections are wanted listens on several ports', async () => {
  for (const [mode, ports] of [
    ['echo', 1],
    ['connect', 8],
  ]) {
    const { urls, stop } = await startServer('ws', { tls: false, mode });
    await stop();
    assert.equal(new Set(urls).size, ports, mode);
  }
});
