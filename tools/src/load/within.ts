import { setTimeout as delay } from 'node:timers/promises';

/** Waits for the first of these events, but no longer than so many seconds. */
export async function within(seconds: number, ...events: Promise<void>[]): Promise<void> {
  const over = new AbortController();
  const timeout = delay(seconds * 1e3, undefined, { signal: over.signal });
  try {
    await Promise.race([...events, timeout]);
  } finally {
    over.abort();
    await timeout.catch(() => undefined);
  }
}
