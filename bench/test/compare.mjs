import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCommit } from '../lib/compare/commits.mjs';
import { decide, statusOf } from '../lib/compare/decision.mjs';
import { readOptions } from '../lib/compare/options.mjs';
import { comparisonText } from '../reporters/comparison.mjs';

const settings = { better: 'less', effect: 0.03 };
const base = [100, 101, 99, 100, 102, 98];
const times = (factor) => base.map((value) => value * factor);
const verdict = (rounds, more = {}) => decide(rounds, { ...settings, ...more }).verdict;

test('worse or better, by the direction of the metric', () => {
  assert.equal(verdict({ base, now: times(1.2) }), 'worse');
  assert.equal(verdict({ base, now: times(0.8) }), 'better');
  assert.equal(verdict({ base, now: times(1.2) }, { better: 'more' }), 'better');
  assert.equal(verdict({ base, now: times(0.8) }, { better: 'more' }), 'worse');
});

test('neither a small effect nor a chance one counts', () => {
  const exact = [100, 100.1, 100.2, 99.9, 99.8, 100];
  const slightly = exact.map((value) => value * 1.02);
  assert.equal(verdict({ base: exact, now: slightly }), 'same');
  assert.equal(verdict({ base: exact, now: slightly }, { effect: 0.01 }), 'worse');
  assert.equal(verdict({ base, now: [80, 130, 90, 125, 95, 120] }), 'same');
});

test('from nothing to something is worse', () => {
  const none = [0, 0, 0, 0, 0, 0];
  assert.equal(verdict({ base: none, now: [3, 2, 4, 3, 3, 5] }), 'worse');
  assert.equal(verdict({ base: none, now: none }), 'same');
});

test('only what was measured before can fail', () => {
  assert.equal(verdict({ base, now: undefined }), 'failed');
  assert.equal(verdict({ base: undefined, now: base }), 'unknown');
});

test('the exit status', () => {
  const status = (...verdicts) => statusOf(verdicts.map((name) => ({ verdict: name })));
  assert.equal(status('same', 'better', 'unknown'), 0);
  assert.equal(status('same', 'worse'), 1);
  assert.equal(status('failed'), 1);
});

test('options', () => {
  const { base: commit, rows, runs, effect } = readOptions(['main', '--rows', 'echo-64']);
  assert.deepEqual(
    [commit, rows.map(({ id }) => id), runs, effect],
    ['main', ['echo-64'], 8, 0.03],
  );
  assert.throws(() => readOptions([]), /takes one commit to compare with, got 0/);
  assert.throws(() => readOptions(['a', '--runs', '5']), /--runs: got '5', takes .* from 6/);
  assert.throws(() => readOptions(['a', '--effect', 'x']), /--effect: got 'x', takes a number/);
});

test('a commit that is not there', () => {
  assert.throws(() => findCommit('no-such-commit'), /no commit 'no-such-commit'|git cannot be run/);
});

test('the table says what changed', () => {
  const row = { id: 'echo-64', title: 'an echo', unit: 'us', errors: {} };
  const rounds = { base, now: times(1.2) };
  const text = comparisonText({
    ...{ base: 'abc', now: 'def', versions: { node: '20' } },
    machine: { cpu: 'A', cores: 2, memoryBytes: 2 ** 33, kernel: 'L', loadAverage: 0 },
    settings: { server: 'own', runs: 6, effect: 0.03, cores: { server: 0, client: 1 } },
    rows: [{ ...row, ...decide(rounds, settings) }],
  });
  assert.match(text, /an echo +100 us +120 us +\+20\.0 % +0\.\d % +WORSE/);
});
