import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time used so far, in microseconds.
 *
 * @typedef {object} Usage
 * @property {number} seconds  on a clock that all threads share
 * @property {number} user
 * @property {number} system
 * @property {number} [mainThread]  of this process, user and system
 * @property {number} [server]  all threads of the server
 */

/**
 * The kernel brings the calling thread's run time up to date when it answers
 * process.cpuUsage(), and not when schedstat is read: so that comes first. The other
 * threads of this process are up to date too while it is pinned: its one core runs the caller.
 *
 * @param {number} [serverPid]
 * @returns {Usage}
 */
export function readUsage(serverPid) {
  const { user, system } = process.cpuUsage();
  return {
    seconds: Number(process.hrtime.bigint()) / 1e9,
    user,
    system,
    mainThread: threadMicros(process.pid, process.pid),
    server: serverPid === undefined ? undefined : processMicros(serverPid),
  };
}

/**
 * @param {Usage} start
 * @param {Usage} end
 */
export function usageBetween(start, end) {
  const since = (field) => (start[field] === undefined ? undefined : end[field] - start[field]);
  return {
    seconds: since('seconds'),
    cpuMicros: { user: since('user'), system: since('system'), mainThread: since('mainThread') },
    serverCpuMicros: since('server'),
  };
}

/** The first field of schedstat is the time on a core in nanoseconds (Linux only). */
function threadMicros(pid, thread) {
  try {
    return (
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]) / 1000
    );
  } catch {
    return undefined;
  }
}

function processMicros(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + (threadMicros(pid, thread) ?? 0), 0);
  } catch {
    return undefined;
  }
}
