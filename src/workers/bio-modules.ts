import { createError, type LwsPoolError } from '../errors/errors.js';
import { type Heart, whileLoading } from '../health/heartbeat.js';
import type { BioDispatcher } from '../lease/custom-bio.js';
import { loadError } from './load-error.js';

/** Imports modules of BIOs, for the connections that will name them. Returns why one cannot be. */
export async function loadBios(
  bios: BioDispatcher,
  heart: Heart,
  modules: readonly string[],
  worker: number,
): Promise<LwsPoolError | undefined> {
  for (const bio of modules) {
    try {
      await whileLoading(heart, () => bios.load(bio));
    } catch (cause) {
      return loadError({ bio, worker }, cause);
    }
  }
  return undefined;
}

/** A function of a BIO has thrown. */
export function bioError(callback: string, thrown: unknown): LwsPoolError {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  return createError('ERR_BIO', { callback, reason: cause.message }, { cause });
}
