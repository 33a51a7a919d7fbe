/**
 * Options, validated here and nowhere else; everywhere else they are complete and correct. Only
 * createPool() loads this, with zod: what workers and handlers need is taken from its own file.
 */
export {
  type BioOptions,
  type CaptureBio,
  type CoalesceBio,
  type CounterBio,
  type CustomBio,
  type FaultBio,
  parseBio,
  type RecorderBio,
  type ResolvedBio,
} from './options/bio.js';
export { type CloseOptions, parseCloseOptions } from './options/close.js';
export { type CloseArguments, parseCloseArguments } from './options/close-arguments.js';
export {
  type ConnectManyOptions,
  type ConnectOptions,
  type LookupFunction,
  parseConnectManyOptions,
  parseConnectOptions,
  type ResolvedConnectManyOptions,
  type ResolvedConnectOptions,
} from './options/connect.js';
export type { Header } from './options/headers.js';
export {
  type LeaseOptions,
  parseLeaseOptions,
  type ResolvedLeaseOptions,
  type ResolvedLeaseTerms,
} from './options/lease.js';
export { type MetricsOptions, parseMetricsOptions } from './options/metrics.js';
export {
  type PollerName,
  type PoolOptions,
  parsePoolOptions,
  type ResolvedPoolOptions,
} from './options/pool.js';
export type { PoolLeaseOptions } from './options/pool-lease.js';
export {
  parseMultishotOptions,
  parsePollOptions,
  parseRecvOptions,
  parseRingOperation,
  parseRingOptions,
  type RecvMultishotOptions,
  type RecvOptions,
  type ResolvedRingOptions,
  type RingOperationOptions,
  type RingOptions,
} from './options/ring.js';
export { parseSampleOptions, type SampleOptions } from './options/sample.js';
export {
  parseTelemetryOptions,
  type ResolvedTelemetryOptions,
  type TelemetryMeterProvider,
  type TelemetryOptions,
  type TelemetryTracerProvider,
} from './options/telemetry.js';
export {
  type Pem,
  parseTlsOptions,
  type ResolvedTlsKey,
  type ResolvedTlsOptions,
  type TlsKey,
  type TlsOptions,
  type TlsVersion,
} from './options/tls.js';
export type { WarningOptions } from './options/warnings.js';
