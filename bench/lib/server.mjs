import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';
import { onCore } from './cores.mjs';

const programs = {
  own: fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)),
  ws: fileURLToPath(new URL('../servers/ws-echo.mjs', import.meta.url)),
};

/**
 * @param {'own' | 'ws' | 'auto'} wanted
 * @returns {'own' | 'ws'}
 */
export function chooseServer(wanted) {
  if (wanted !== 'auto') return wanted;
  return existsSync(programs.own) ? 'own' : 'ws';
}

/**
 * A fresh echo server. Each measurement has its own, so that none meets what an
 * earlier one left behind: grown heaps, addresses still in TIME_WAIT.
 *
 * @param {'own' | 'ws'} name
 * @param {{ tls: boolean, core: number | undefined }} settings
 */
export async function startServer(name, { tls, core }) {
  const directory = mkdtempSync(join(tmpdir(), 'lws-pool-bench-'));
  const certificate = tls ? ['--tls', '--ca-out', join(directory, 'ca.pem')] : [];
  const command = [
    process.execPath,
    programs[name],
    'serve',
    '--port',
    '0',
    '--mode',
    'echo',
    '--json',
    ...certificate,
  ];
  const child = startChild(onCore(core, command), { seconds: 20 });
  const stop = async () => {
    await child.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { port, ca } = await child.firstLine;
    return { pid: child.pid, url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/`, ca, stop };
  } catch (error) {
    await stop();
    throw new Error(`the ${name} server did not start: ${error.message}`, { cause: error });
  }
}
