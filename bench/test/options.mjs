import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../lib/options.mjs';

test('defaults', () => {
  const { scopes, rows, server, runs, reporter } = readOptions([]);
  assert.deepEqual(
    { scopes, rows, server, runs, reporter },
    { scopes: ['baseline'], rows: null, server: 'auto', runs: 5, reporter: 'table' },
  );
});

test('lists', () => {
  const { scopes, peers } = readOptions(['--scope', 'echo,burst', '--peers', 'ws, bun']);
  assert.deepEqual({ scopes, peers }, { scopes: ['echo', 'burst'], peers: ['ws', 'bun'] });
});

test('a refusal names the option, what it got and what it takes', () => {
  assert.throws(() => readOptions(['--peers', 'ws,gun']), /--peers: got 'gun', takes ws, .*bun/);
  assert.throws(() => readOptions(['--runs', '0']), /--runs: got '0', takes a whole number/);
  assert.throws(() => readOptions(['--scope', 'x']), /--scope: got 'x', takes baseline, all, con/);
  assert.throws(() => readOptions(['--rows', 'burst']), /--rows: got 'burst', takes connect/);
});

test('a rehearsal does not replace the page in docs', () => {
  const commandLine = ['--quick', '--reporter', 'markdown'];
  assert.throws(() => readOptions(commandLine), /--quick does not go to docs/);
  assert.equal(readOptions([...commandLine, '--out', 'page.md']).out, 'page.md');
});
