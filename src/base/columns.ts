import { TCP_COLUMNS, type TcpColumnName } from './tcp-columns.js';

/** A column of {@link ConnectionTable.column}: a figure that lws-pool counts itself. */
export type ColumnName =
  | 'group'
  | 'attempts'
  | 'messagesReceived'
  | 'messagesSent'
  | 'bytesReceived'
  | 'bytesSent'
  | 'reads'
  | 'writes'
  | 'queuedBytes'
  | 'queuedBytesMax'
  | 'pingsReceived'
  | 'pingsSent'
  | 'roundTrips'
  | 'roundTripLast'
  | 'roundTripMin'
  | 'roundTripMax'
  | 'roundTripTotal'
  | 'requested'
  | 'resolved'
  | 'queued'
  | 'begun'
  | 'connected'
  | 'secured'
  | 'opened'
  | 'firstMessage'
  | 'lastRead'
  | 'lastWrite';

/** What `ConnectionTable.column()` takes. */
export const COLUMNS = [
  ...(['group', 'attempts', 'messagesReceived', 'messagesSent'] as const),
  ...(['bytesReceived', 'bytesSent', 'reads', 'writes', 'queuedBytes', 'queuedBytesMax'] as const),
  ...(['pingsReceived', 'pingsSent', 'roundTrips', 'roundTripLast', 'roundTripMin'] as const),
  ...(['roundTripMax', 'roundTripTotal', 'requested', 'resolved', 'queued', 'begun'] as const),
  ...(['connected', 'secured', 'opened', 'firstMessage', 'lastRead', 'lastWrite'] as const),
] as const satisfies readonly ColumnName[];

const TIMES: ReadonlySet<string> = new Set([
  ...['requested', 'resolved', 'queued', 'begun', 'connected', 'secured', 'opened'],
  ...['firstMessage', 'lastRead', 'lastWrite', 'sampled'],
]);

export const isTime = (name: string) => TIMES.has(name);

/** A column of {@link Sample.column}: a figure of a connection, or of its TCP. */
export type SampleField = ColumnName | TcpColumnName;

export const SAMPLE_FIELDS: readonly SampleField[] = [...COLUMNS, ...TCP_COLUMNS];

export const isTcpField = (field: SampleField) => TCP_COLUMNS.includes(field as TcpColumnName);
