import type { ConnectOptions, LookupFunction } from 'lws-pool';
import type { InspectSettings } from './settings.js';

/** The options of the connection that is inspected. */
export function connectOptions(
  settings: InspectSettings,
  lookup: LookupFunction,
  signal: AbortSignal,
): ConnectOptions {
  const { headers, origin, protocols, ca, cert, key, insecure, servername, timeout } = settings;
  return {
    headers,
    origin,
    protocols,
    timeout,
    lookup,
    signal,
    keepHeaders: true,
    closeTimeout: Math.min(timeout, 2_000),
    tls: { ca, cert, key, servername, rejectUnauthorized: !insecure, requestOCSP: true },
  };
}
