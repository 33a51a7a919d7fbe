import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { usePool } from '../fixtures/pool.js';
import { wsServer } from '../fixtures/servers.js';
import { spoil } from '../fixtures/spoiling.mjs';

// Small messages of all connections lie side by side. usePool() sees to it, after each test, that a
// connection on the same worker still sends and receives.
const own = usePool();
const WAYS = ['clone', 'port', 'call', 'prototype', 'write'] as const;
const COUNT = 4;

/** Sends some messages of that size in one go, each of its own content. */
function sendAll(peer: WebSocket, size: number): void {
  for (let i = 0; i < COUNT; i++) peer.send(Buffer.alloc(size, i));
}

describe.each([3, 12_000, 100_000])('the memory of messages of %i bytes', (size) => {
  it.each(WAYS)('whatever one listener does to it (%s), nobody misses a message', async (way) => {
    const peers: WebSocket[] = [];
    const port = await wsServer((peer) => peers.push(peer));
    const url = `ws://127.0.0.1:${port}/`;
    const bad = await own.pool.connect(url);
    const good = await own.pool.connect(url);
    const got = { bad: 0, good: [] as Buffer[] };
    bad.on('message', (data) => {
      got.bad++;
      spoil(way, data);
    });
    good.on('message', (data) => got.good.push(Buffer.from(data)));
    for (let round = 1; round <= 3; round++) {
      for (const peer of peers) sendAll(peer, size);
      while (got.bad < round * COUNT) await once(bad, 'message');
      while (got.good.length < round * COUNT) await once(good, 'message');
    }
    expect(got.bad).toBe(3 * COUNT);
    expect(got.good.map(({ length }) => length)).toEqual(Array(3 * COUNT).fill(size));
    if (way !== 'write') expect(got.good.map((data) => data[size - 1])).toEqual(contents());
    await Promise.all([bad.close(), good.close()]);
  });

  it.each(WAYS)('nor where a handler does it (%s)', async (way) => {
    const answers: string[] = [];
    let heard: () => void;
    const all = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const port = await wsServer((peer) => {
      peer.on('message', (text) => {
        answers.push(text.toString());
        if (answers.length === 2 * COUNT) heard();
      });
      sendAll(peer, size);
    });
    const handler = new URL('../fixtures/handlers/spoiling.mjs', import.meta.url);
    const group = await own.pool.connectMany(`ws://127.0.0.1:${port}/`, {
      ...{ count: 2, handler, data: { way } },
    });
    await all;
    const counted = Array.from({ length: COUNT }, (_, i) => [`${i + 1}`, `${i + 1}`]).flat();
    expect(answers.sort()).toEqual(counted);
    await group.close();
  });
});

/** The last byte of each of three rounds of messages. */
const contents = () => Array.from({ length: 3 * COUNT }, (_, i) => i % COUNT);
