import type { ConnectionUrl } from 'lws-pool';
import type { InspectSettings } from './settings.js';
import type { WatchedLookup } from './watched-lookup.js';

/** What all parts of one inspection share. */
export interface Context {
  readonly settings: InspectSettings;
  readonly target: ConnectionUrl;
  readonly names: WatchedLookup;
  /** When it began, ISO 8601. */
  readonly at: string;
  readonly signal: AbortSignal;
}
