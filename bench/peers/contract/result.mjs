import { usageBetween } from './usage.mjs';

/**
 * The one line a peer prints.
 *
 * @typedef {object} Result
 * @property {string} peer
 * @property {Record<string, string>} versions  of the library and what it runs on
 * @property {string} mode
 * @property {number} opened
 * @property {number} failed  connections that did not do all they were asked to
 * @property {string[]} failures  why, each reason once
 * @property {number} messages  of the measured phase: answered, received, or handed to the kernel
 * @property {number} seconds  how long that took
 * @property {{ user: number, system: number, mainThread?: number }} cpuMicros
 * @property {{ name: string, cpuMicros: number }[]} [threads]  each thread's part of it, the busiest
 *   first; the first of the process is `main`. Only those that were there at the end
 * @property {number} [serverCpuMicros]
 * @property {number} [perUnitMicros]  CPU time per message, or per connection where there are none
 * @property {number} [rssBytesBefore]
 * @property {number} [rssBytesAfter]
 * @property {number} [nativeBytesBefore]  the part of it that is anonymous memory: `Anonymous` of
 *   /proc/self/smaps_rollup. That is what malloc has, from [heap] and from mmap, and the heap of a
 *   JavaScript engine too, which the kernel cannot tell apart; and not what libraries and programs
 *   bring along as files. Pages of files that were written to are in it, but they do not grow with
 *   connections
 * @property {number} [nativeBytesAfter]
 * @property {Record<string, number>} [figures]  what else was measured: for latency `p50`, `p90`,
 *   `p99`, `p999` and `max` in microseconds, and `achieved` messages per second. See lib/metrics.mjs
 */

/**
 * @typedef {object} Outcome  what running a workload comes to
 * @property {number} opened
 * @property {number} failed
 * @property {string[]} failures
 * @property {number} messages
 * @property {number} units  what the CPU time is divided by
 * @property {import('./usage.mjs').Usage} start
 * @property {import('./usage.mjs').Usage} end
 * @property {number} [rssBytesBefore]
 * @property {number} [rssBytesAfter]
 * @property {number} [nativeBytesBefore]
 * @property {number} [nativeBytesAfter]
 * @property {Record<string, number>} [figures]
 */

/**
 * Does the work, prints the line, and ends the process: what is still open then is
 * the kernel's to close. A failure is a line too.
 *
 * @param {{ peer: string, versions: Record<string, string> }} identity
 * @param {import('./workload.mjs').Workload} workload
 * @param {() => Promise<Outcome>} work
 */
export async function report(identity, workload, work) {
  let line;
  try {
    const { start, end, units, ...outcome } = await work();
    const usage = usageBetween(start, end);
    const perUnitMicros =
      units > 0 ? (usage.cpuMicros.user + usage.cpuMicros.system) / units : undefined;
    line = { ...identity, mode: workload.mode, ...outcome, ...usage, perUnitMicros };
  } catch (error) {
    line = { ...identity, mode: workload.mode, error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(line.error ? 1 : 0));
}
