import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startServe, temporaryDirectory } from '../fixtures/command-line.js';
import { tshark } from '../fixtures/tshark.js';

const run = promisify(execFile);
const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

it('the example of the documentation runs, and its capture opens', async () => {
  const example = readFileSync(at('examples/bio.mjs'), 'utf8');
  const code = example.slice(example.indexOf('import '));
  expect(readFileSync(at('docs/integrations.md'), 'utf8')).toContain(code);

  const folder = temporaryDirectory();
  const ca = join(folder, 'ca.pem');
  const file = join(folder, 'conversation.pcapng');
  const { listening } = await startServe('--tls', '--ca-out', ca);
  const { stdout } = await run(process.execPath, [
    ...[at('examples/bio.mjs'), `wss://localhost:${listening.port}/`, ca, file],
  ]);
  expect(stdout).toContain('answer  hello');
  expect(stdout).toMatch(/out {5}(\d+) bytes in \d+ calls; the kernel: \1\n/);
  expect(stdout).toMatch(/Z {2}out {2}handshake {2}\d+\n/);
  const fields = ['-T', 'fields', '-e', 'websocket.payload.text'];
  const shown = await tshark(file, '-Y', 'websocket', ...fields);
  expect(shown.split('\n').filter((line) => line === 'hello')).toHaveLength(2);
});
