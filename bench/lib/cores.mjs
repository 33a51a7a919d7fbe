import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * One core for the server and another for the client, so that neither runs in the
 * other's time.
 *
 * @typedef {object} Pinning
 * @property {{ server: number, client: number } | null} cores
 * @property {string | null} why  there is no pinning
 */

/** @returns {Pinning} */
export function choosePinning() {
  if (spawnSync('taskset', ['--version']).status !== 0) {
    return { cores: null, why: 'no taskset here (util-linux)' };
  }
  const [server, ...others] = allowedCores();
  if (others.length === 0) return { cores: null, why: 'this process may use one core only' };
  const siblings = coresIn(`/sys/devices/system/cpu/cpu${server}/topology/thread_siblings_list`);
  const client = others.find((core) => !siblings.includes(core)) ?? others[0];
  return { cores: { server, client }, why: null };
}

/** @param {number | undefined} core */
export function onCore(core, command) {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command];
}

function allowedCores() {
  return coresIn('/proc/self/status', /^Cpus_allowed_list:\s*(\S+)/m);
}

/** Reads a list like `0-3,8`. */
function coresIn(file, pattern = /(\S+)/) {
  try {
    const [, list] = readFileSync(file, 'utf8').match(pattern);
    return list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
}
