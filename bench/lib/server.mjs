import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';
import { onCore } from './cores.mjs';
import { build } from './native-programs.mjs';

/**
 * A server to measure clients with. All of them take the command line of `lws-pool serve`.
 *
 * @typedef {object} Server
 * @property {() => string | null} missing  why it cannot run here, or null
 * @property {() => string[]} command  program and first arguments
 */

const onNode = (path) => [process.execPath, fileURLToPath(new URL(path, import.meta.url))];
const ownProgram = '../../tools/dist/cli/main.js';

/** @type {Record<string, Server>} */
export const servers = {
  own: {
    missing: () => (existsSync(new URL(ownProgram, import.meta.url)) ? null : 'not built'),
    command: () => onNode(ownProgram),
  },
  ws: {
    missing: () => null,
    command: () => onNode('../servers/ws.mjs'),
  },
  beast: {
    missing: () => build('beast').missing,
    command: () => [build('beast').path],
  },
};

/** What --server takes. */
export const serverNames = [...Object.keys(servers), 'auto'];

/**
 * Towards each port there are 28,232 local ones, half of which the kernel looks at first, at every
 * second one or so: with 16,000 connections that each goes past none that is taken.
 */
const portsToOpen = 8;
/** Modes in which so many connections are opened that it matters. */
const opensMany = new Set(['connect', 'close']);

/** What a server does for a workload of this mode. */
const serverModes = { receive: 'flood', send: 'sink' };

/**
 * @param {string} wanted  one of serverNames
 * @returns {string} a server that is there
 */
export function chooseServer(wanted) {
  if (wanted === 'auto') return servers.own.missing() === null ? 'own' : 'ws';
  const reason = servers[wanted].missing();
  if (reason !== null) throw new Error(`the server ${wanted} is not available: ${reason}`);
  return wanted;
}

/**
 * A fresh server. Each measurement has its own, so that none meets what an
 * earlier one left behind: grown heaps, addresses still in TIME_WAIT.
 *
 * @param {string} name
 * @param {{ tls: boolean, core: number | undefined, mode: string, size?: number, compression?: string }} settings  all
 *   but the first two are those of the workload
 */
export async function startServer(name, { tls, core, mode, size = 64, compression = 'off' }) {
  const directory = mkdtempSync(join(tmpdir(), 'lws-pool-bench-'));
  const certificate = tls ? ['--tls', '--ca-out', join(directory, 'ca.pem')] : [];
  const command = [
    ...servers[name].command(),
    'serve',
    ...Array.from({ length: opensMany.has(mode) ? portsToOpen : 1 }, () => ['--port', '0']).flat(),
    ...['--mode', serverModes[mode] ?? 'echo'],
    ...['--size', String(size)],
    ...(compression === 'off' ? [] : ['--compress']),
    '--json',
    ...certificate,
  ];
  const child = startChild(onCore(core, command), { seconds: 20 });
  const stop = async () => {
    await child.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { urls, ca } = await child.firstLine;
    return { pid: child.pid, urls, ca, stop };
  } catch (error) {
    await stop();
    throw new Error(`the ${name} server did not start: ${error.message}`, { cause: error });
  }
}
