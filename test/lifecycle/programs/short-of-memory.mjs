// What a process does that may take no more memory than it has, and a few MiB.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createPool } from 'lws-pool';

const [, , what, url, more] = process.argv;
const LARGE = 192 * 1024 * 1024;

const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// As deep as JavaScript may get: pages of the stack that are there need no memory later.
function touchStack() {
  try {
    touchStack();
  } catch {
    // It was that deep.
  }
}

function limit() {
  touchStack();
  const [, size] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const most = (Number(size) + Number(more) * 1024) * 1024;
  const { status } = spawnSync('prlimit', [`--pid=${process.pid}`, `--as=${most}:${most}`]);
  if (status !== 0) throw new Error('the limit cannot be set');
}

const codeOf = (error) => error?.code ?? String(error);
const ended = (connection) =>
  new Promise((resolve) => connection.once('close', () => resolve(codeOf(connection.error))));

const pool = await createPool({ threads: 1, warnings: false });
const crashes = [];
pool.on('workerCrashed', ({ code, details }) => crashes.push([code, details.reason]));
pool.on('error', () => undefined);
const options = { maxPayload: 2 ** 30 };
const connection = await pool.connect(url, options);
const other = await pool.connect(url, options);
const closed = ended(connection);
const data = Buffer.alloc(LARGE);
connection.on('message', () => undefined);

const cases = {
  // On this thread: there is no copy to be had.
  send() {
    limit();
    try {
      connection.send(data);
      return 'sent';
    } catch (error) {
      return codeOf(error);
    }
  },
  // In the worker: the server sends a message for which there is no memory.
  async receive() {
    limit();
    connection.send('large, please');
    return await closed;
  },
  // In the worker: a handler sends more than the kernel takes.
  async handler() {
    const handler = new URL('handlers/sending.mjs', import.meta.url);
    const handled = await pool.connect(`${url}mute`, { ...options, handler, data: LARGE });
    const over = ended(handled);
    limit();
    connection.send('go');
    return await over;
  },
  // Connection after connection, each with something to keep, until there is no memory for one more.
  async many() {
    const codes = new Set();
    limit();
    const piece = Buffer.alloc(256 * 1024);
    for (let round = 0; round < 40; round++) {
      const opened = await Promise.allSettled(
        Array.from({ length: 50 }, () => pool.connect(`${url}mute`, options)),
      );
      for (const { value, reason } of opened) {
        if (reason !== undefined) codes.add(codeOf(reason));
        value?.once('close', () => codes.add(codeOf(value.error)));
        try {
          value?.send(piece);
        } catch (error) {
          codes.add(codeOf(error));
        }
      }
    }
    return [...codes].filter((code) => !code.startsWith('ERR_'));
  },
};

const outcome = await cases[what]();
const echoed = new Promise((resolve) => other.once('message', (text) => resolve(text.toString())));
const onLost = () => print({ lost: codeOf(other.error) });
other.once('close', onLost);
other.send('still here');
print({ outcome, echoed: await echoed, crashes });
other.off('close', onLost);
await pool.destroy();
