import type { DebugColumn } from 'lws-pool';
import { duration, number, short } from './numbers.js';
import { readable } from './text.js';

/** A column of the table on the screen. */
export interface Column {
  readonly name: DebugColumn;
  readonly title: string;
  /** In columns of the terminal; the address takes what is left. */
  readonly width: number;
  readonly right: boolean;
  /** The largest are of interest first. */
  readonly descending: boolean;
  readonly explains: string;
  readonly show: (value: unknown) => string;
}

const text = (value: unknown) => (typeof value === 'string' ? readable(value) : '');
const figure = (value: unknown) => short(number(value));
const time = (value: unknown) => duration(number(value));
/** 0: there has been none. */
const roundTrip = (value: unknown) => duration(number(value) || undefined);

const labels = { right: false, descending: false, show: text };
const figures = { width: 5, right: true, descending: true, show: figure };

export const COLUMNS: readonly Column[] = [
  { ...labels, name: 'id', title: 'ID', width: 9, explains: 'id' },
  { ...labels, name: 'state', title: 'STATE', width: 7, explains: 'state' },
  { ...labels, name: 'type', title: 'TYPE', width: 4, explains: 'kind and TLS' },
  { ...labels, name: 'remote', title: 'ADDRESS', width: 15, explains: 'remote address' },
  { ...figures, name: 'age', title: 'AGE', show: time, explains: 'time since it opened' },
  { ...figures, name: 'messagesReceivedRate', title: 'M/s<', explains: 'messages in' },
  { ...figures, name: 'messagesSentRate', title: 'M/s>', explains: 'messages out' },
  { ...figures, name: 'bytesReceivedRate', title: 'B/s<', explains: 'bytes in' },
  { ...figures, name: 'bytesSentRate', title: 'B/s>', explains: 'bytes out' },
  { ...figures, name: 'queuedBytes', title: 'QUEUE', explains: 'bytes that wait' },
  { ...figures, name: 'roundTripLast', title: 'RTT', show: roundTrip, explains: 'ping round trip' },
  { ...figures, name: 'leases', title: 'LEASE', explains: 'leases' },
];

const ADDRESS = COLUMNS.findIndex(({ name }) => name === 'remote');
/** Narrower than this, the last columns go first. */
const LEAST_ADDRESS = 15;
const MOST_ADDRESS = 48;

/** The columns for so wide a terminal, with their widths in it. */
export function columnsFor(width: number): readonly Column[] {
  let shown = COLUMNS;
  const total = () => shown.reduce((sum, column) => sum + column.width + 1, -1);
  while (shown.length > 1 && total() > width) {
    shown = shown.slice(0, -1);
  }
  const spare = Math.min(MOST_ADDRESS - LEAST_ADDRESS, Math.max(0, width - total()));
  return shown.map((column, at) =>
    at === ADDRESS ? { ...column, width: column.width + spare } : column,
  );
}

/** By its name, or by how it is written above the table. */
export function findColumn(text: string): Column | undefined {
  const sought = text.toLowerCase();
  return COLUMNS.find(
    ({ name, title }) => name.toLowerCase() === sought || title.toLowerCase() === sought,
  );
}
