import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { echo, wsServer } from '../fixtures/servers.js';

const run = promisify(execFile);
/** For ten thousand connections on a busy machine. Milliseconds. */
const patience = 240_000;
const program = (name: string) =>
  fileURLToPath(new URL(`../fixtures/programs/${name}`, import.meta.url));

/** Runs a program in a process of its own, below a shell that sets limits; it prints JSON. */
async function under(shell: string, name: string, ...rest: string[]): Promise<unknown> {
  const script = `${shell}; exec "$0" "$@"`;
  const argv = ['-c', script, process.execPath, program(name), ...rest];
  const { stdout } = await run('sh', argv, { timeout: patience, maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

it('no descriptor is left: each that fails says so, and those that are open go on', async () => {
  const port = await wsServer(echo);
  expect(await under('ulimit -n 200', 'descriptors.mjs', `${port}`)).toEqual({
    codes: ['ERR_TOO_MANY_FILES'],
    errno: ['EMFILE'],
    someOpened: true,
    echoed: 'all',
    openedAfterClosing: true,
  });
});

it('ten thousand connections asked for at once open in order and without a failure', {
  timeout: patience,
}, async () => {
  const result = await under('ulimit -n 20000', 'many.mjs', '10000');
  expect(result).toEqual({ opened: 10_000, failed: {}, echoed: 10_000, inOrder: true });
});

it('require() of the package works from CommonJS', async () => {
  expect(await under(':', 'require.cjs')).toEqual({ createPool: 'function', size: 0 });
});
