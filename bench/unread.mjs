// What a connection keeps that nobody reads while its peer floods it, see docs/memory.md. Each case
// in a process of its own.
//
//   node bench/unread.mjs
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createPool } from '../dist/index.js';

const CONNECTIONS = 200;
const MARKS = [1024, 128 * 1024];

/** KB. */
function resident() {
  globalThis.gc();
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

/** Until nothing is read any more; answers how much was. */
async function still(connections) {
  for (let last = -1; ; ) {
    const read = connections.reduce((sum, each) => sum + each.stats().bytesReceived, 0);
    if (read === last) return read;
    last = read;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function measure(url, highWaterMark) {
  // The target's certificate is made at its start.
  const pool = await createPool({ threads: 1, tls: { rejectUnauthorized: false } });
  const open = () => pool.connect(url, { highWaterMark });
  await still([await open()]);
  const before = resident();
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, open));
  const read = (await still(connections)) / 1024 / CONNECTIONS;
  const grown = (resident() - before) / CONNECTIONS;
  process.stdout.write(
    `${url.split(':')[0]}, highWaterMark ${highWaterMark}: ${read.toFixed(0)} KB read, ` +
      `${grown.toFixed(0)} KB of memory each\n`,
  );
  await pool.destroy();
}

async function measureAll() {
  const cli = fileURLToPath(new URL('../tools/dist/cli/main.js', import.meta.url));
  for (const more of [[], ['--tls']]) {
    const args = ['serve', '--mode', 'flood', '--size', '1024', '--json', '--exit-with-parent'];
    const stdio = ['pipe', 'pipe', 'inherit'];
    const server = spawn(process.execPath, [cli, ...args, ...more], { stdio });
    const [line] = await once(createInterface(server.stdout), 'line');
    for (const mark of MARKS) {
      const own = ['--expose-gc', fileURLToPath(import.meta.url), JSON.parse(line).url, `${mark}`];
      spawnSync(process.execPath, own, { stdio: 'inherit' });
    }
    server.kill();
  }
}

const [url, mark] = process.argv.slice(2);
if (url === undefined) await measureAll();
else await measure(url, Number(mark));
