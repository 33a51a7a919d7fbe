/** Resident memory of this process; undefined where the system does not tell. Bytes. */
export function residentMemory(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    // It takes a descriptor, and those may just have been used up.
    return undefined;
  }
}
