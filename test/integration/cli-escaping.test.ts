import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lwsPool, temporaryDirectory } from '../fixtures/command-line.js';

/** A colour, another title for the window, C1's CSI, and text turned around. */
const EVIL = '\x1b[31m\x1b]0;title\x07\x9b2J\u202e';
const OBEYED = /[^\P{Cc}\n]|\p{Bidi_Control}/u;

it.each([
  ['an option that there is not', [`--${EVIL}`], 2],
  ['a command that there is not', [EVIL], 2],
  ['a file that is not there', ['load', 'ws://127.0.0.1:1/', '--ca', EVIL], 2],
  ['a URL that is none', ['load', EVIL], 2],
  ['a URL that is none, inspected', ['inspect', EVIL], 2],
  ['a server name', ['inspect', 'wss://127.0.0.1:1/', '--servername', EVIL], 2],
  ['a protocol', ['inspect', 'ws://127.0.0.1:1/', '--protocol', EVIL], 2],
  ['a host to listen on', ['serve', '--host', EVIL], 2],
  ['a file to write', ['serve', '--ca-out', `/no/${EVIL}`], 2],
  ['a socket that is not there', ['top', `/no/${EVIL}`], 1],
  ['a column to sort by', ['top', '/no', '--sort', EVIL], 2],
  ['a number', ['load', 'ws://127.0.0.1:1/', '-c', EVIL], 2],
])('nothing on the command line reaches the terminal as it is: %s', async (_, args, status) => {
  const ended = await lwsPool(...args);
  expect(ended.status).toBe(status);
  expect(ended.stdout + ended.stderr).not.toMatch(OBEYED);
  expect(ended.stderr).toContain('lws-pool:');
});

it('the path of a file without a certificate is shown, escaped', async () => {
  const path = join(temporaryDirectory(), EVIL);
  writeFileSync(path, 'no PEM');
  const { stderr, status } = await lwsPool('load', 'wss://127.0.0.1:1/', '--ca', path);
  expect(status).toBe(2);
  expect(stderr).toContain('\\u001b[31m');
  expect(stderr).not.toMatch(OBEYED);
});
