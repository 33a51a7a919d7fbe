import { COLUMNS, type ColumnName } from '../../base/columns.js';
import { FIGURE, FIGURES } from '../../channel/figures.js';
import type { Connection } from '../../connection/connection.js';
import { stateOf } from '../../connection/stats.js';
import { type ConnectionTable, readerOf, rowsOf, type TableRow } from '../stats/table.js';

/** What the main thread knows of connections besides their figures. */
export interface Directory {
  /** Of a single connection that is open: those of groups are in their workers alone. */
  connection(worker: number, slot: number, generation: number): Connection | undefined;
  /** What a single connection that is being opened, or a group, is connected to. */
  url(worker: number, slot: number, generation: number, group: number): string | undefined;
}

/** What is counted anew each second, as it grows. */
const RATES = {
  messagesReceivedRate: 'messagesReceived',
  messagesSentRate: 'messagesSent',
  bytesReceivedRate: 'bytesReceived',
  bytesSentRate: 'bytesSent',
} as const;

type RateName = keyof typeof RATES;

const TEXTS = ['id', 'state', 'type', 'url', 'remote'] as const;

type TextName = (typeof TEXTS)[number];

/** Columns that an observer can ask for. */
export const DEBUG_COLUMNS = [
  ...TEXTS,
  ...(['worker', 'age', 'leases'] as const),
  ...(Object.keys(RATES) as RateName[]),
  ...COLUMNS,
] as const;

/** A column that an observer of a {@link DebugSocket} can ask for; docs/monitoring.md lists them. */
export type DebugColumn = (typeof DEBUG_COLUMNS)[number];

/** A table, and an earlier one that rates are counted from. */
export interface Compared {
  readonly table: ConnectionTable;
  readonly at: number;
  readonly before: { readonly table: ConnectionTable; readonly at: number } | undefined;
}

const WEB_SOCKET = 1;
const SECURE = 2;

export function isText(name: DebugColumn): name is TextName {
  return (TEXTS as readonly string[]).includes(name);
}

/** A column of texts, row by row. */
export function textColumn(name: TextName, { table }: Compared, known: Directory) {
  const text: Readonly<Record<TextName, (row: TableRow) => string>> = {
    id: ({ of, slot, figures, base }) =>
      `${of.channel}.${slot}.${figures[base + FIGURE.generation]}`,
    state: ({ figures, base }) => stateOf(figures[base + FIGURE.state] as number),
    type: typeOf,
    url: (row) => withoutQuery(urlOf(row, known)),
    remote: (row) => remoteOf(row, known),
  };
  const rows = rowsOf(table);
  return (row: number) => text[name](rows[row] as TableRow);
}

/** A column of numbers, row by row; NaN where there is none. Nothing is read of other rows. */
export function numberColumn(name: Exclude<DebugColumn, TextName>, compared: Compared) {
  const { table, at } = compared;
  if (name in RATES) return rates(name as RateName, compared);
  const of = (row: number) => rowsOf(table)[row] as TableRow;
  if (name === 'worker') return (row: number) => of(row).of.worker;
  if (name === 'leases') {
    const { mainLeases, handlerLeases } = FIGURE;
    return (row: number) => value(of(row), mainLeases) + value(of(row), handlerLeases);
  }
  if (name === 'age') {
    const opened = readerOf(table, 'opened');
    return (row: number) => (opened(row) === 0 ? Number.NaN : at - opened(row));
  }
  return readerOf(table, name as ColumnName);
}

function rates(name: RateName, { table, at, before }: Compared) {
  const index = FIGURES.indexOf(RATES[name]);
  const seconds = before === undefined ? 0 : (at - before.at) / 1e3;
  if (before === undefined || seconds <= 0) return () => Number.NaN;
  return (row: number) => {
    const now = rowsOf(table)[row] as TableRow;
    const then = find(rowsOf(before.table), now);
    return (value(now, index) - (then === undefined ? 0 : value(then, index))) / seconds;
  };
}

/** The same connection in an earlier table: it has its rows in the order of workers and slots. */
function find(rows: readonly TableRow[], sought: TableRow): TableRow | undefined {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(rows[middle] as TableRow, sought)) low = middle + 1;
    else high = middle;
  }
  const found = rows[low];
  return found !== undefined && isSame(found, sought) ? found : undefined;
}

function isBefore(a: TableRow, b: TableRow): boolean {
  return a.of.worker === b.of.worker ? a.slot < b.slot : a.of.worker < b.of.worker;
}

function isSame(a: TableRow, b: TableRow): boolean {
  const generation = (row: TableRow) => value(row, FIGURE.generation);
  return a.of.channel === b.of.channel && a.slot === b.slot && generation(a) === generation(b);
}

function value({ figures, base }: TableRow, index: number): number {
  return figures[base + index] as number;
}

function typeOf(row: TableRow): string {
  const traits = value(row, FIGURE.traits);
  const secure = (traits & SECURE) !== 0;
  if ((traits & WEB_SOCKET) !== 0) return secure ? 'wss' : 'ws';
  return secure ? 'tls' : 'tcp';
}

function urlOf(row: TableRow, known: Directory): string {
  const name = [row.of.worker, row.slot, value(row, FIGURE.generation)] as const;
  return known.connection(...name)?.url ?? known.url(...name, value(row, FIGURE.group)) ?? '';
}

/** The address where it is known here, else what was asked for. */
function remoteOf(row: TableRow, known: Directory): string {
  const connection = known.connection(row.of.worker, row.slot, value(row, FIGURE.generation));
  return (connection && addressOf(connection)) ?? authorityOf(urlOf(row, known));
}

/** `127.0.0.1:9000`, `[::1]:9000`; undefined for a Unix socket. */
function addressOf({ remoteAddress, remotePort }: Connection): string | undefined {
  if (remoteAddress === '' || !(remotePort > 0)) return undefined;
  return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

/** What stands for the peer in a URL: the host and its port, or the path of its Unix socket. */
function authorityOf(url: string): string {
  return /^[a-z+]+:\/\/([^/?]+)/.exec(url)?.[1] ?? withoutQuery(url).replace(/^[a-z+]+:/, '');
}

/** Queries carry tokens often enough. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*/s, '?...');
}
