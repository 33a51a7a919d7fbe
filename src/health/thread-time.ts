import { readFileSync, readlinkSync } from 'node:fs';

/** What the kernel has counted of a thread. Milliseconds, of all time. */
export interface ThreadTime {
  /** On a processor. */
  readonly ran: number;
  /** For a processor, until it last got one. */
  readonly waited: number;
  /** How often it has gone to sleep by itself; undefined: it sleeps. */
  readonly sleeps: number | undefined;
}

/** Returns undefined where the kernel does not say, or in another form than is known. */
export type ReadThreadTime = (thread: number) => ThreadTime | undefined;

/** Of a thread of this process: two small files, see proc(5) and sched-stats.rst of the kernel. */
export const readThreadTime: ReadThreadTime = (thread) => {
  if (thread === 0) return undefined;
  try {
    const of = (file: string) => readFileSync(`/proc/self/task/${thread}/${file}`, 'latin1');
    return parseThreadTime(of('schedstat'), of('status'));
  } catch {
    return undefined;
  }
};

export function parseThreadTime(schedstat: string, status: string): ThreadTime | undefined {
  const [, ran, waited] = /^(\d+) (\d+) \d+\s*$/.exec(schedstat) ?? [];
  // A kernel that does not count says 0 for all.
  if (ran === undefined || waited === undefined || ran === '0') return undefined;
  const runnable = /^State:\s*R/m.test(status);
  const sleeps = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1];
  return {
    ran: Number(ran) / 1e6,
    waited: Number(waited) / 1e6,
    sleeps: runnable && sleeps !== undefined ? Number(sleeps) : undefined,
  };
}

/**
 * For how much of a stretch of time a thread had no processor although it wanted one. The kernel notes
 * that when it gets one; of a thread that has not slept meanwhile it is all but what it ran.
 */
export function waitedFor(from: ThreadTime, to: ThreadTime, stretch: number): number {
  const awake = from.sleeps !== undefined && from.sleeps === to.sleeps;
  const waited = awake ? stretch - (to.ran - from.ran) : to.waited - from.waited;
  return Math.min(Math.max(waited, 0), stretch);
}

/** The kernel's number of this thread; 0 where it does not say. */
export function threadNumber(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) || 0;
  } catch {
    return 0;
  }
}
