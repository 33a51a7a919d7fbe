// What the programs have in common. They run as processes of their own, see support/run.ts.
import { readdirSync, readlinkSync } from 'node:fs';
import process from 'node:process';

/** @param {string} name */
function variable(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

export const urls = {
  plain: variable('WS_URL'),
  tls: variable('WSS_URL'),
  /** Takes TCP and never answers. */
  mute: `ws://127.0.0.1:${variable('MUTE_PORT')}/`,
  muteTls: `wss://127.0.0.1:${variable('MUTE_PORT')}/`,
  refused: `ws://127.0.0.1:${variable('REFUSED_PORT')}/`,
  refusedTls: `wss://127.0.0.1:${variable('REFUSED_PORT')}/`,
};

/** Pool options that make the test server's certificate good. */
export const trusting = { tls: { ca: variable('CERTIFICATE') } };

/** @param {unknown} value */
export function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** @param {string} name of a module in handlers/ */
export function handler(name) {
  return new URL(`../programs/handlers/${name}.mjs`, import.meta.url);
}

/**
 * Opens connections whose handler ends its worker when it is sent "crash".
 *
 * @param {import('lws-pool').Pool} pool
 * @param {number} count
 * @param {string} way in which it does so, see handlers/crash.mjs
 */
export async function doomed(pool, count, way) {
  const group = await pool.connectMany(`${urls.plain}/echo`, {
    count,
    handler: handler('crash'),
    data: way,
  });
  await group.ready;
  return group;
}

/** The code of the error that a promise rejects with; "none" where it does not. @param {Promise<unknown>} promise */
export function codeOf(promise) {
  return promise.then(
    () => 'none',
    (error) => String(error.code ?? error),
  );
}

/** Open descriptors but for 0, 1 and 2, by kind: socket, pipe, anon_inode:[eventpoll], … */
export function descriptors() {
  /** @type {Record<string, number>} */
  const kinds = {};
  for (const name of readdirSync('/proc/self/fd')) {
    if (Number(name) <= 2) continue;
    let target;
    try {
      target = readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      continue; // the directory itself
    }
    if (target.startsWith('/proc/')) continue;
    const kind = target.replace(/:\[\d+\]$/, '');
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

export function sockets() {
  return descriptors().socket ?? 0;
}

export function threads() {
  return readdirSync('/proc/self/task').length;
}

/**
 * Resolves once a condition holds that nothing announces: what the kernel or another thread does.
 *
 * @param {() => boolean} holds
 */
export async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/**
 * Runs the case that the first argument names.
 *
 * @param {Record<string, (...args: string[]) => unknown>} cases
 */
export async function runCase(cases) {
  const [name = '', ...rest] = process.argv.slice(2);
  const chosen = cases[name];
  if (chosen === undefined) throw new Error(`no case ${name}`);
  await chosen(...rest);
}
