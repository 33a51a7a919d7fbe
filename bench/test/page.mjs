import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePage } from '../lib/page.mjs';
import { readFixture } from './fixtures/report.mjs';

test('rows stand in their scopes, with the peers that were asked', () => {
  const { scopes, peers } = makePage([readFixture()]);
  assert.deepEqual(
    scopes.map(({ name, rows }) => [name, rows.map(({ id }) => id)]),
    [
      ['connect', ['connect-1k', 'connect-15k']],
      ['echo', ['echo-64', 'echo-64-pipelined']],
    ],
  );
  assert.deepEqual(scopes[0].peers, ['ws', 'bun', 'epoll', 'lws-pool']);
  assert.equal(peers.at(-1), 'deno');
});

test('of several reports the newest has each row', () => {
  const older = readFixture();
  const newer = readFixture();
  newer.startedAt = '2026-02-01T00:00:00.000Z';
  newer.rows = newer.rows.filter(({ id }) => id === 'echo-64');
  newer.peers.splice(2, 0, { name: 'undici', available: true, reason: null });
  const page = makePage([newer, older]);
  assert.deepEqual(page.runs, [older, newer]);
  const echo = page.scopes.find(({ name }) => name === 'echo');
  assert.deepEqual(
    echo.rows.map(({ id, run }) => [id, run]),
    [
      ['echo-64', 1],
      ['echo-64-pipelined', 0],
    ],
  );
  assert.deepEqual(page.peers, ['ws', 'bun', 'undici', 'epoll', 'lws-pool', 'deno']);
});

test('a report of which nothing is left is not mentioned', () => {
  const older = readFixture();
  const newer = { ...readFixture(), startedAt: '2026-02-01T00:00:00.000Z' };
  assert.deepEqual(makePage([older, newer]).runs, [newer]);
});

test('a report of another schema is refused', () => {
  assert.throws(() => makePage([{ ...readFixture(), schema: 1 }]), /schema 1, this reads 2/);
});
