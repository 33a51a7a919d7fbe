import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'lws-pool';
import type { NameReport } from './report.js';

/** A look-up by the system that remembers what it found, and how long that took. */
export class WatchedLookup {
  /** Milliseconds; undefined where no name was looked up, or it is still under way. */
  duration: number | undefined;
  #host: string | undefined;
  #addresses: readonly LookupAddress[] = [];

  readonly lookup: LookupFunction = (host, options, callback) => {
    const began = performance.now();
    this.#host = host;
    dns.lookup(host, options, (error, addresses) => {
      this.duration = performance.now() - began;
      this.#addresses = addresses ?? [];
      callback(error, addresses);
    });
  };

  report(): NameReport | null {
    if (this.#host === undefined) return null;
    return { host: this.#host, addresses: this.#addresses };
  }
}
