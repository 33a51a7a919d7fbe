/**
 * Options, validated here and nowhere else; everywhere else they are complete and correct.
 */
export type {
  BioOptions,
  CaptureBio,
  CoalesceBio,
  CounterBio,
  CustomBio,
  FaultBio,
  RecorderBio,
  ResolvedBio,
} from './bio.js';
export { type CloseOptions, parseCloseOptions } from './close.js';
export { type CloseArguments, parseCloseArguments } from './close-arguments.js';
export type { CompressionOptions, ResolvedCompression } from './compression.js';
export {
  type ConnectManyOptions,
  type ConnectOptions,
  type LookupFunction,
  parseConnectManyOptions,
  parseConnectOptions,
  type ResolvedConnectManyOptions,
  type ResolvedConnectOptions,
} from './connect.js';
export type { Header } from './headers.js';
export {
  type LeaseOptions,
  parseLeaseOptions,
  type ResolvedLeaseOptions,
  type ResolvedLeaseTerms,
} from './lease.js';
export { type MetricsOptions, parseMetricsOptions } from './metrics.js';
export {
  type PollerName,
  type PoolOptions,
  parsePoolOptions,
  type ResolvedPoolOptions,
} from './pool.js';
export type { PoolLeaseOptions } from './pool-lease.js';
export type { ResolvedTlsKey, ResolvedTlsOptions, TlsVersion } from './resolved-tls.js';
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
} from './ring.js';
export { parseSampleOptions, type SampleOptions } from './sample.js';
export type { SendStreamOptions } from './send-stream.js';
export {
  parseTelemetryOptions,
  type ResolvedTelemetryOptions,
  type TelemetryMeterProvider,
  type TelemetryOptions,
  type TelemetryTracerProvider,
} from './telemetry.js';
export {
  type Pem,
  parseTlsOptions,
  type TlsKey,
  type TlsOptions,
} from './tls.js';
export type { WarningOptions } from './warnings.js';
