import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { build, firstError } from '../lib/native-programs.mjs';

test('C peers calculate what the others do', (context) => {
  const { path, missing } = build('arithmetic');
  if (missing !== null && /no cc here/.test(missing)) return context.skip(missing);
  assert.equal(missing, null);
  const { status, stdout } = spawnSync(path, { encoding: 'utf8' });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

test('finds the line of a compiler that says what is wrong', () => {
  const output = [
    'In file included from main.cc:12:',
    'session.h:3:10: fatal error: boost/asio/buffer.hpp: No such file or directory',
    'compilation terminated.',
  ].join('\n');
  assert.equal(
    firstError(output),
    'session.h:3:10: fatal error: boost/asio/buffer.hpp: No such file or directory',
  );
  assert.equal(
    firstError('/usr/bin/ld: cannot find -lwebsockets\ncollect2: error'),
    '/usr/bin/ld: cannot find -lwebsockets',
  );
});
