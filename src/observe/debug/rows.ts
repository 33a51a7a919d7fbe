import {
  type Compared,
  type DebugColumn,
  type Directory,
  isText,
  numberColumn,
  textColumn,
} from './columns.js';
import type { DebugRequest } from './requests.js';

type Wanted = Extract<DebugRequest, { get: 'connections' }>;

/** Rows of connections; a number that is not known is null. */
export interface DebugRows {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly total: number;
  /** How many of them the filter lets through. */
  readonly matching: number;
  readonly offset: number;
  readonly columns: readonly DebugColumn[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Where a filter looks. */
const SEARCHED = ['id', 'state', 'type', 'url', 'remote'] as const;

/**
 * Filters, sorts and cuts, all over columns: of the connections that are not shown, no object is
 * ever made.
 */
export function selectRows(wanted: Wanted, compared: Compared, known: Directory): DebugRows {
  const matching = filtered(wanted.filter, compared, known);
  if (wanted.sort !== undefined) {
    sort(matching, wanted.sort, wanted.descending, compared, known);
  }
  const { columns, limit } = wanted;
  // A list that has become shorter shows its end.
  const offset = Math.min(wanted.offset, Math.max(0, matching.length - limit));
  const cells = columns.map((name) =>
    isText(name) ? textColumn(name, compared, known) : finite(numberColumn(name, compared)),
  );
  const shown = Array.from(matching.subarray(offset, offset + limit));
  return {
    at: compared.at,
    total: compared.table.size,
    matching: matching.length,
    offset,
    columns,
    rows: shown.map((row) => cells.map((cell) => cell(row))),
  };
}

function finite(column: (row: number) => number): (row: number) => number | null {
  return (row) => {
    const value = column(row);
    return Number.isFinite(value) ? value : null;
  };
}

/** Numbers of the rows that have the text anywhere, in upper or lower case. */
function filtered(filter: string, compared: Compared, known: Directory): Uint32Array {
  const { size } = compared.table;
  const all = Uint32Array.from({ length: size }, (_, row) => row);
  if (filter === '') return all;
  const sought = filter.toLowerCase();
  const columns = SEARCHED.map((name) => textColumn(name, compared, known));
  return all.filter((row) => columns.some((column) => column(row).toLowerCase().includes(sought)));
}

/** Unknown ones last, whichever way; equal ones in the order of their workers and slots. */
function sort(
  rows: Uint32Array,
  name: DebugColumn,
  descending: boolean,
  compared: Compared,
  known: Directory,
): void {
  // The table has this order already, and as text "10" would stand before "9".
  if (name === 'id') {
    if (descending) rows.reverse();
    return;
  }
  const value = isText(name)
    ? ranks(rows, textColumn(name, compared, known), compared.table.size)
    : numberColumn(name, compared);
  const keys = new Float64Array(compared.table.size);
  for (const row of rows) {
    const key = value(row);
    keys[row] = Number.isNaN(key) ? Number.POSITIVE_INFINITY : descending ? -key : key;
  }
  rows.sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);
}

/** Texts are few, rows are many: each text is compared once. */
function ranks(rows: Uint32Array, column: (row: number) => string, size: number) {
  const texts = new Array<string>(size);
  for (const row of rows) texts[row] = column(row);
  const order = new Map([...new Set(texts)].sort().map((text, rank) => [text, rank]));
  return (row: number) => order.get(texts[row] as string) as number;
}
