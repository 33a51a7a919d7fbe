import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from '../lib/native-programs.mjs';
import { bunBinary, denoBinary, hasBufferUtil } from './binaries.mjs';
import { asClient, asLock, asLwsPool, asPlainClient, asSocket } from './supports.mjs';

/**
 * A WebSocket client to measure, or something else next to which a part of ours is measured. Each
 * measurement is a process of its own with the command line of contract/workload.mjs and the one
 * line of contract/result.mjs back.
 *
 * @typedef {object} Peer
 * @property {string} name  its column in the table
 * @property {(question: import('./supports.mjs').Question) => boolean} supports  whether it can do
 *   what a row asks for; if not it has no figure there, and has not failed
 * @property {() => string | null} missing  why it cannot run here, or null; may take long, because
 *   it builds what has to be built
 * @property {(driver: 'worker' | 'main' | 'native' | 'lease') => string[]} command  program and first arguments
 * @property {Record<string, string>} [environment]  variables it gets on top of ours
 */

const inThisFolder = (name) => fileURLToPath(new URL(name, import.meta.url));
const onNode = (name) => [process.execPath, '--expose-gc', inThisFolder(name)];
const inNpm = (binary, name) =>
  binary ? null : `npm has no ${name} for ${process.platform}-${process.arch}`;
const ownPrograms = {
  worker: 'lws-pool.mjs',
  main: 'lws-pool-main.mjs',
  native: 'lws-pool-native.mjs',
  lease: 'lws-pool-lease.mjs',
};

/** Everything comes from node_modules, nothing from elsewhere. */
const denoArguments = [
  'run',
  '--quiet',
  '--no-prompt',
  '--no-lock',
  '--no-remote',
  '--node-modules-dir=manual',
  '--allow-all',
  '--v8-flags=--expose-gc',
];

/** @type {Peer[]} */
export const peers = [
  {
    name: 'ws',
    supports: asClient,
    missing: () => null,
    command: () => onNode('ws.mjs'),
    environment: { WS_NO_BUFFER_UTIL: '1' },
  },
  {
    name: 'ws-bufferutil',
    supports: asClient,
    missing: () => inNpm(hasBufferUtil(), 'prebuilt bufferutil'),
    command: () => onNode('ws.mjs'),
  },
  {
    name: 'undici',
    supports: asClient,
    missing: () => null,
    command: () => onNode('undici.mjs'),
  },
  {
    name: 'websocket',
    supports: asClient,
    missing: () => null,
    command: () => onNode('websocket.mjs'),
  },
  {
    name: 'bun',
    supports: asClient,
    missing: () => inNpm(bunBinary(), 'bun'),
    command: () => [bunBinary(), inThisFolder('bun.mjs')],
  },
  {
    name: 'deno',
    supports: asClient,
    missing: () => inNpm(denoBinary(), 'deno'),
    command: () => [denoBinary(), ...denoArguments, inThisFolder('deno.mjs')],
    environment: { DENO_NO_UPDATE_CHECK: '1' },
  },
  {
    name: 'gorilla',
    supports: asClient,
    missing: () => build('gorilla').missing,
    command: () => [build('gorilla').path],
  },
  {
    name: 'lws',
    supports: asClient,
    missing: () => build('lws').missing,
    command: () => [build('lws').path],
  },
  {
    name: 'epoll',
    supports: asPlainClient,
    missing: () => build('epoll').missing,
    command: () => [build('epoll').path],
  },
  {
    name: 'net',
    supports: asSocket,
    missing: () => null,
    command: () => onNode('net.mjs'),
  },
  {
    name: 'async-mutex',
    supports: asLock,
    missing: () => null,
    command: () => onNode('async-mutex.mjs'),
  },
  {
    name: 'tarn',
    supports: asLock,
    missing: () => null,
    command: () => onNode('tarn.mjs'),
  },
  {
    name: 'lws-pool',
    supports: asLwsPool,
    missing: () => (existsSync(inThisFolder('../../dist/index.js')) ? null : 'not built'),
    command: (driver) => onNode(ownPrograms[driver]),
  },
  {
    name: 'lws-pool-io_uring',
    supports: asLwsPool,
    missing: () => (existsSync(inThisFolder('../../dist/index.js')) ? null : 'not built'),
    command: (driver) => onNode(ownPrograms[driver]),
    environment: { LWS_POOL_POLLER: 'io_uring' },
  },
];
