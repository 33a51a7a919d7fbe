/** Milliseconds on a clock that all threads of the process share; `performance.now()` is not. */
export function sharedClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
