import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const steady = 64 * 1024;
const mostReadings = 100;

/**
 * @typedef {object} Memory
 * @property {number} rssBytes  all that is resident
 * @property {number} [nativeBytes]  what of it no file stands behind: see result.mjs
 */

/**
 * The memory of this process once it has stopped falling: allocators give pages back some
 * time after a collection, and tell nobody. Collects before each reading, and is
 * done when three in a row agree.
 *
 * @param {() => void | Promise<void>} collectGarbage
 * @returns {Promise<Memory>}
 */
export async function settledMemory(collectGarbage) {
  const readings = [];
  while (readings.length < mostReadings) {
    await collectGarbage();
    readings.push(readMemory());
    const last = readings.slice(-3).map(({ rssBytes }) => rssBytes);
    if (last.length === 3 && Math.max(...last) - Math.min(...last) <= steady) break;
    await pause(20);
  }
  return readings.at(-1);
}

/** The growth from one reading to another as fields of a result. */
export function memoryFields(before, after) {
  return {
    rssBytesBefore: before.rssBytes,
    rssBytesAfter: after.rssBytes,
    nativeBytesBefore: before.nativeBytes,
    nativeBytesAfter: after.nativeBytes,
  };
}

/** Exact where the kernel adds it up page by page; process.memoryUsage is an estimate. */
function readMemory() {
  try {
    return memoryOf(readFileSync('/proc/self/smaps_rollup', 'utf8'));
  } catch {
    return { rssBytes: process.memoryUsage.rss() };
  }
}

/** @param {string} smapsRollup */
export function memoryOf(smapsRollup) {
  const bytes = (field) => {
    const [, kilobytes] = smapsRollup.match(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'));
    return Number(kilobytes) * 1024;
  };
  return { rssBytes: bytes('Rss'), nativeBytes: bytes('Anonymous') };
}
