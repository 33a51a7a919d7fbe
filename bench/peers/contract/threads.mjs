import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * CPU time of the threads of a process, user and system, in microseconds (Linux only).
 *
 * @typedef {Map<number, { name: string, micros: number }>} ThreadTimes  by the kernel's number
 */

/**
 * The first of a process has its number, and is `main` here whatever it is called.
 *
 * @param {number} pid
 * @returns {ThreadTimes}
 */
export function readThreads(pid) {
  const times = new Map();
  for (const thread of threadsOf(pid)) {
    const micros = threadMicros(pid, thread);
    if (micros !== undefined) times.set(thread, { name: nameOf(pid, thread), micros });
  }
  return times;
}

/** Under this name the calling thread's CPU time is found: Node calls every thread "node". */
export function nameThisThread(name) {
  writeFileSync(`/proc/self/task/${thisThread()}/comm`, name);
}

/** The kernel's number of the calling thread: /proc/thread-self leads to PID/task/TID. */
export function thisThread() {
  return Number(basename(readlinkSync('/proc/thread-self')));
}

/** @param {number} pid */
export function processMicros(pid) {
  const threads = threadsOf(pid);
  if (threads.length === 0) return undefined;
  return threads.reduce((sum, thread) => sum + (threadMicros(pid, thread) ?? 0), 0);
}

/**
 * What each used meanwhile, the busiest first; those that used nothing are left out.
 *
 * @param {ThreadTimes} start
 * @param {ThreadTimes} end
 */
export function threadsBetween(start, end) {
  return [...end]
    .map(([thread, { name, micros }]) => ({
      name,
      cpuMicros: micros - (start.get(thread)?.micros ?? 0),
    }))
    .filter(({ cpuMicros }) => cpuMicros > 0)
    .sort((a, b) => b.cpuMicros - a.cpuMicros);
}

/** The first field of schedstat is the time on a core, in nanoseconds. */
export function microsOf(schedstat) {
  return Number(schedstat.split(' ', 1)[0]) / 1000;
}

function threadsOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function threadMicros(pid, thread) {
  try {
    return microsOf(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'));
  } catch {
    return undefined;
  }
}

function nameOf(pid, thread) {
  if (thread === pid) return 'main';
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
