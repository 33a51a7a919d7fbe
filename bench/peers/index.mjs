import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A WebSocket client to measure, or something else next to which a part of ours is measured. Each measurement is a process of its own with the
 * command line of contract/workload.mjs and the one line of contract/result.mjs back.
 *
 * @typedef {object} Peer
 * @property {string} name  its column in the table
 * @property {() => string | null} missing  why it cannot run here, or null
 * @property {(driver: 'worker' | 'main' | 'lease') => string[]} command  program and first arguments
 * @property {Record<string, string>} [environment]  variables it gets on top of ours
 */

const require = createRequire(import.meta.url);
const inThisFolder = (name) => fileURLToPath(new URL(name, import.meta.url));
const node = [process.execPath, '--expose-gc'];
const ownPrograms = {
  worker: 'lws-pool.mjs',
  main: 'lws-pool-main.mjs',
  lease: 'lws-pool-lease.mjs',
};

/** @type {Peer[]} */
export const peers = [
  {
    name: 'ws',
    missing: () => null,
    command: () => [...node, inThisFolder('ws.mjs')],
    environment: { WS_NO_BUFFER_UTIL: '1' },
  },
  {
    name: 'ws-bufferutil',
    missing: () =>
      hasBufferUtil() ? null : `no prebuilt bufferutil for ${process.platform}-${process.arch}`,
    command: () => [...node, inThisFolder('ws.mjs')],
  },
  {
    name: 'bun',
    missing: () => (bunBinary() ? null : `npm has no bun for ${process.platform}-${process.arch}`),
    command: () => [bunBinary(), inThisFolder('bun.mjs')],
  },
  {
    name: 'async-mutex',
    missing: () => null,
    command: () => [...node, inThisFolder('async-mutex.mjs')],
  },
  {
    name: 'tarn',
    missing: () => null,
    command: () => [...node, inThisFolder('tarn.mjs')],
  },
  {
    name: 'lws-pool',
    missing: () => (existsSync(inThisFolder('../../dist/index.js')) ? null : 'not built'),
    command: (driver) => [...node, inThisFolder(ownPrograms[driver])],
  },
];

/** The package `bun` is a launcher; the binary lies in the package for this platform. */
function bunBinary() {
  const platform = `${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
  const isMusl =
    process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  const executable = process.platform === 'win32' ? 'bun.exe' : 'bun';
  try {
    const manifest = require.resolve(`@oven/bun-${platform}${isMusl ? '-musl' : ''}/package.json`);
    return join(dirname(manifest), 'bin', executable);
  } catch {
    return null;
  }
}

/** Without its native part the package falls back to what `ws` does anyway. */
function hasBufferUtil() {
  try {
    const manifest = require.resolve('bufferutil/package.json');
    return Boolean(createRequire(manifest)('node-gyp-build').path(dirname(manifest)));
  } catch {
    return false;
  }
}
