import type { ConnectOptions, LookupFunction } from '../pool/options.js';
import type { InspectSettings } from './settings.js';

/** Fields by which proxies, CDNs and frameworks show themselves, and that libwebsockets has no token for. */
const TELLING = [
  ...['alt-svc', 'cf-cache-status', 'cf-ray', 'content-security-policy', 'fly-request-id'],
  ...['keep-alive', 'nel', 'permissions-policy', 'ratelimit-limit', 'x-content-type-options'],
  ...['ratelimit-remaining', 'ratelimit-reset', 'report-to', 'request-id', 'server-timing'],
  ...['timing-allow-origin', 'traceparent', 'x-amz-cf-id'],
  ...['x-amz-cf-pop', 'x-amzn-requestid', 'x-amzn-trace-id', 'x-azure-ref', 'x-cache'],
  ...['x-cloud-trace-context', 'x-correlation-id', 'x-envoy-upstream-service-time'],
  ...['x-powered-by', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
  ...['x-request-id', 'x-served-by', 'x-trace-id', 'x-vercel-id', 'x-varnish'],
];

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
    keepHeaders: TELLING,
    closeTimeout: Math.min(timeout, 2_000),
    tls: { ca, cert, key, servername, rejectUnauthorized: !insecure, requestOCSP: true },
  };
}
