import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';

const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');

let server: WebSocketServer;

beforeAll(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await new Promise((resolve) => server.once('listening', resolve));
});

afterAll(() => {
  server.close();
});

test('the first example in the README runs as it stands', async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(20);
  // Within the package, so that it may import it by its name.
  mkdirSync(new URL('build/', root), { recursive: true });
  const program = fileURLToPath(new URL('build/readme-example.mjs', root));
  writeFileSync(program, code);
  const { port } = server.address() as { port: number };
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [program, `ws://127.0.0.1:${port}/`]);
  expect(stdout.split('\n')).toEqual(['one', 'two', 'three', 'closed with 1006', '']);
});
