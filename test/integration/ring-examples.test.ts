import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

/** The lines that a program prints, which has to end well and say nothing else. */
async function lines(program: string, ...args: string[]): Promise<string[]> {
  const file = fileURLToPath(new URL(program, root));
  const options = { timeout: 25_000, env: { ...process.env, NODE_OPTIONS: '' } };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, ...args], options);
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

it('watches connections while they are served', async () => {
  const said = await lines('examples/uring-watch.mjs', '100');
  expect(said[0]).toBe('100 connections are watched');
  expect(said[2]).toMatch(/^found: .*RDHUP/);
  expect(said[3]).toBe('80 others have answered, 80 are still watched');
});

it('runs requests and answers, and gives the connection back', async () => {
  expect(await lines('examples/uring-request.mjs')).toEqual([
    ...['by the ring: ok get 1', 'by the ring: ok get 2', 'by the ring: ok get 3'],
    'by the worker: ok get 4',
  ]);
});

it('keeps a connection for good', async () => {
  expect(await lines('examples/uring-detach.mjs')).toEqual([
    ...['by the ring: ok get 1', 'in flight at detach(): ERR_ABORTED'],
    ...['for the pool it is closed: detached', 'by its new owner: ok get 2'],
  ]);
});

it('the example in docs/integrations.md runs as it stands', async () => {
  const page = readFileSync(new URL('docs/integrations.md', root), 'utf8');
  const section = page.slice(page.indexOf('## io_uring'));
  const code = /```js\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  mkdirSync(new URL('build/', root), { recursive: true });
  writeFileSync(new URL('build/uring-example.mjs', root), code);
  expect(await lines('build/uring-example.mjs')).toEqual(['8 bytes: PONG 1', 'and on: PONG 2']);
});
