import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const steady = 64 * 1024;
const mostReadings = 100;

/**
 * The resident memory once it has stopped falling: allocators give pages back some
 * time after a collection, and tell nobody. Collects before each reading, and is
 * done when three in a row agree.
 *
 * @param {() => void | Promise<void>} collectGarbage
 */
export async function settledResidentBytes(collectGarbage) {
  const readings = [];
  while (readings.length < mostReadings) {
    await collectGarbage();
    readings.push(residentBytes());
    const last = readings.slice(-3);
    if (last.length === 3 && Math.max(...last) - Math.min(...last) <= steady) break;
    await pause(20);
  }
  return readings.at(-1);
}

/** Exact where the kernel adds it up page by page; process.memoryUsage is an estimate. */
function residentBytes() {
  try {
    const [, kilobytes] = readFileSync('/proc/self/smaps_rollup', 'utf8').match(
      /^Rss:\s+(\d+) kB$/m,
    );
    return Number(kilobytes) * 1024;
  } catch {
    return process.memoryUsage.rss();
  }
}
