import { processMicros, readThreads, threadsBetween } from './threads.mjs';

/**
 * CPU time used so far, in microseconds.
 *
 * @typedef {object} Usage
 * @property {number} seconds  on a clock that all threads share
 * @property {number} user
 * @property {number} system
 * @property {number} [mainThread]  of this process, user and system
 * @property {import('./threads.mjs').ThreadTimes} threads  of this process
 * @property {number} [server]  all threads of the server
 */

/**
 * The kernel brings the calling thread's run time up to date when it answers
 * process.cpuUsage(), and not when schedstat is read: so that comes first. The other
 * threads of this process are up to date too while it is pinned to one core, which runs the
 * caller; on a core of their own they are late by less than a tick of the kernel.
 *
 * @param {number} [serverPid]
 * @returns {Usage}
 */
export function readUsage(serverPid) {
  const { user, system } = process.cpuUsage();
  const threads = readThreads(process.pid);
  return {
    seconds: Number(process.hrtime.bigint()) / 1e9,
    user,
    system,
    mainThread: threads.get(process.pid)?.micros,
    threads,
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
    threads: threadsBetween(start.threads, end.threads),
    serverCpuMicros: since('server'),
  };
}
