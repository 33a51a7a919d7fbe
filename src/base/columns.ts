import { TCP_COLUMNS, type TcpColumnName } from './tcp-columns.js';

/** What `ConnectionTable.column()` takes. */
export const COLUMNS = [
  ...(['group', 'attempts', 'messagesReceived', 'messagesSent'] as const),
  ...(['bytesReceived', 'bytesSent', 'reads', 'writes', 'queuedBytes', 'queuedBytesMax'] as const),
  ...(['pingsReceived', 'pingsSent', 'roundTrips', 'roundTripLast', 'roundTripMin'] as const),
  ...(['roundTripMax', 'roundTripTotal', 'requested', 'resolved', 'queued', 'begun'] as const),
  ...(['connected', 'secured', 'opened', 'firstMessage', 'lastRead', 'lastWrite'] as const),
] as const;

export type ColumnName = (typeof COLUMNS)[number];

const TIMES: ReadonlySet<string> = new Set([
  ...['requested', 'resolved', 'queued', 'begun', 'connected', 'secured', 'opened'],
  ...['firstMessage', 'lastRead', 'lastWrite', 'sampled'],
]);

export const isTime = (name: string) => TIMES.has(name);

/** What can be sampled: figures of connections, and of their TCP. */
export type SampleField = ColumnName | TcpColumnName;

export const SAMPLE_FIELDS: readonly SampleField[] = [...COLUMNS, ...TCP_COLUMNS];

export const isTcpField = (field: SampleField) => TCP_COLUMNS.includes(field as TcpColumnName);
