/**
 * Client connections to WebSocket, TCP and TLS servers, on worker threads: start with
 * {@link createPool}.
 *
 * @module lws-pool
 */
export type {
  BioFigures,
  BioTraffic,
  CaptureFigures,
  CoalesceFigures,
  CounterFigures,
  CustomFigures,
  FaultFigures,
  MemoryFigures,
  RecorderFigures,
  TlsRecord,
} from './base/bio-figures.js';
export type { ColumnName, SampleField } from './base/columns.js';
export type { TcpColumnName } from './base/tcp-columns.js';
export type { CongestionState, TcpInfoOptions, TcpState } from './base/tcp-info-fields.js';
export type { CompressedTraffic, CompressionStats } from './channel/compression-stats.js';
export type { Data, DataSource } from './channel/data.js';
export type { Message } from './channel/holding.js';
export type { ReadyState, SendOptions } from './channel/link.js';
export type { BaseConnection } from './connection/base-connection.js';
export { Connection } from './connection/connection.js';
export type { ConnectionEvents } from './connection/events.js';
export type { HandlerConnection } from './connection/handler-connection.js';
export { releaseMessage } from './connection/message-memory.js';
export type {
  ConnectionPhases,
  ConnectionState,
  ConnectionStats,
  ConnectionStatsOptions,
  RoundTrips,
  TlsSummary,
} from './connection/stats.js';
export type { StreamOptions } from './connection/stream.js';
export { type ConnectionUrl, parseConnectionUrl } from './connection/url.js';
export {
  CertificateError,
  type ErrorCode,
  type ErrorDetails,
  type HeaderFields,
  LwsPoolError,
  UpgradeError,
} from './errors/errors.js';
export type { FlightCategory, FlightEvent, FlightFacts } from './flight/kinds.js';
export type { FlightRecord } from './flight/record.js';
export type { TraceEvent } from './flight/trace.js';
export type {
  LeaseWarningDetails,
  PoolWarning,
  WarningCode,
  WarningDetails,
  WarningOf,
} from './health/warning.js';
export {
  type Bio,
  type BioDefinition,
  type BioLink,
  defineBio,
  RETRY,
  type Retry,
} from './lease/custom-bio.js';
export type { Detached } from './lease/handle.js';
export type { LeaseReport } from './lease/leaks.js';
export { Lease } from './lease/lease.js';
export { createMemoryBio, MemoryBio, type MemoryBioOptions } from './lease/memory-bio.js';
export type { LeaseMode } from './lease/observation.js';
export type { Linger } from './lease/option-kinds.js';
export type { LeaseSocket } from './lease/socket.js';
export type {
  SettableSocketOption,
  SocketOptionName,
  SocketOptionValues,
} from './lease/socket-options.js';
export type { TcpInfo } from './lease/tcp-info.js';
export type { LeaseTls, UpdateKeysOptions } from './lease/tls.js';
export type { Received } from './native.js';
export type { DebugColumn } from './observe/debug/columns.js';
export type { DebugSocket } from './observe/debug/socket.js';
export type { MetricsRegistry } from './observe/metrics/prometheus.js';
export type { ConnectionCounts, PoolStats, Traffic, WorkerStats } from './observe/stats/pool.js';
export type { Sample } from './observe/stats/sample.js';
export type { ConnectionTable } from './observe/stats/table.js';
export { type Versions, versions } from './observe/versions.js';
export type { FrameBoundaryOptions } from './options/frame-boundary.js';
export type { MessagesOptions } from './options/messages.js';
export type {
  BioOptions,
  CaptureBio,
  CloseOptions,
  CoalesceBio,
  CompressionOptions,
  ConnectManyOptions,
  ConnectOptions,
  CounterBio,
  CustomBio,
  FaultBio,
  LeaseOptions,
  LookupFunction,
  MetricsOptions,
  PollerName,
  PoolLeaseOptions,
  PoolOptions,
  RecorderBio,
  RecvMultishotOptions,
  RecvOptions,
  RingOperationOptions,
  RingOptions,
  SampleOptions,
  SendStreamOptions,
  TelemetryMeterProvider,
  TelemetryOptions,
  TelemetryTracerProvider,
  TlsOptions,
  WarningOptions,
} from './options/options.js';
export type { PlacementPolicy, PlacementWorker } from './options/placement.js';
export type { TlsVersion } from './options/resolved-tls.js';
export type { Pem, TlsKey } from './options/tls.js';
export type {
  DiagnosticsMessages,
  EndedLeaseMessage,
  FailedLeaseMessage,
  GrantedLeaseMessage,
  LeaseMessage,
} from './pool/diagnostics.js';
export type { PoolEvents } from './pool/events.js';
export { ConnectionGroup, type Failures, type GroupEvents } from './pool/group.js';
export { createPool, Pool } from './pool/pool.js';
export type { ConnectAttempt } from './pool/publisher.js';
export type { RingFeatures } from './ring/features.js';
export { POLL } from './ring/poll-events.js';
export { Ring } from './ring/ring.js';
export type { Tally } from './workers/control.js';
export {
  defineHandler,
  type Handler,
  type HandlerContext,
  type HandlerDefinition,
  type HandlerFactory,
} from './workers/handler.js';
