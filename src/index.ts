export type { Data, ReadyState, SendOptions } from './channel/link.js';
export type { DebugSocket } from './debug/socket.js';
export type { FlightCategory, FlightFacts } from './flight/kinds.js';
export type { FlightEvent, FlightRecord } from './flight/record.js';
export type { TraceEvent } from './flight/trace.js';
export type { MetricsRegistry } from './metrics/prometheus.js';
export type { Received } from './native.js';
export { Connection, type ConnectionEvents, type Message } from './pool/connection.js';
export type { ConnectAttempt, DiagnosticsMessages } from './pool/diagnostics.js';
export {
  CertificateError,
  type ErrorCode,
  type ErrorDetails,
  type HeaderFields,
  LwsPoolError,
  UpgradeError,
} from './pool/errors.js';
export { ConnectionGroup, type Failures, type GroupEvents } from './pool/group.js';
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
} from './pool/lease/bio.js';
export type { Detached } from './pool/lease/handle.js';
export type { LeaseReport } from './pool/lease/leaks.js';
export { Lease } from './pool/lease/lease.js';
export type { LeaseMode } from './pool/lease/leasing.js';
export { createMemoryBio, MemoryBio, type MemoryBioOptions } from './pool/lease/memory-bio.js';
export type { Linger } from './pool/lease/option-kinds.js';
export type { LeaseSocket } from './pool/lease/socket.js';
export type {
  SettableSocketOption,
  SocketOptionName,
  SocketOptionValues,
} from './pool/lease/socket-options.js';
export type { TcpInfo } from './pool/lease/tcp-info.js';
export type { LeaseTls, UpdateKeysOptions } from './pool/lease/tls.js';
export { releaseMessage } from './pool/message-memory.js';
export type {
  BioOptions,
  CaptureBio,
  CloseOptions,
  CoalesceBio,
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
  TelemetryMeterProvider,
  TelemetryOptions,
  TelemetryTracerProvider,
  TlsOptions,
  WarningOptions,
} from './pool/options.js';
export type { PlacementPolicy, PlacementWorker } from './pool/placement.js';
export { createPool, Pool, type PoolEvents } from './pool/pool.js';
export type { StreamOptions } from './pool/stream.js';
export type { PoolWarning, WarningCode, WarningDetails } from './pool/trouble/warning.js';
export type { RingFeatures } from './ring/features.js';
export { POLL } from './ring/poll-events.js';
export { Ring } from './ring/ring.js';
export type {
  ConnectionPhases,
  ConnectionState,
  ConnectionStats,
  ConnectionStatsOptions,
  RoundTrips,
  TlsSummary,
} from './stats/connection.js';
export type { PoolStats, Traffic, WorkerStats } from './stats/pool.js';
export type { Sample, SampleField } from './stats/sample.js';
export type { ColumnName, ConnectionTable } from './stats/table.js';
export type { TcpColumnName } from './stats/tcp-columns.js';
export {
  type Bio,
  type BioDefinition,
  type BioLink,
  defineBio,
  RETRY,
  type Retry,
} from './workers/bio.js';
export {
  defineHandler,
  type Handler,
  type HandlerContext,
  type HandlerDefinition,
  type HandlerFactory,
} from './workers/handler.js';
export type { HandlerConnection } from './workers/handler-connection.js';
