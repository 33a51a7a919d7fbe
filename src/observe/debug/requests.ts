import { DEBUG_COLUMNS, type DebugColumn } from './columns.js';

/** What an observer asks for, one line of JSON each. Nothing of it changes anything. */
export type DebugRequest =
  | { readonly get: 'stats' }
  | {
      readonly get: 'connections';
      readonly columns: readonly DebugColumn[];
      readonly sort: DebugColumn | undefined;
      readonly descending: boolean;
      readonly filter: string;
      readonly offset: number;
      readonly limit: number;
      /** Of the figures as they were the last time. */
      readonly frozen: boolean;
    }
  | {
      readonly get: 'connection';
      readonly id: string;
      readonly tcp: boolean;
      readonly tls: boolean;
    };

/** Bytes of a request; longer ones end the observation. */
export const LONGEST_REQUEST = 4096;
/** Rows of one answer. */
export const MOST_ROWS = 1000;

const LONGEST_TEXT = 200;

/** A request that is no such; its message is for the observer. */
export class RequestError extends Error {}

/** @throws RequestError */
export function parseRequest(line: string): DebugRequest {
  const given = parseObject(line);
  switch (given.get) {
    case 'stats':
      only(given, 'get');
      return { get: 'stats' };
    case 'connections':
      only(given, 'get', 'columns', 'sort', 'descending', 'filter', 'offset', 'limit', 'frozen');
      return {
        get: 'connections',
        columns: columnsOf(given.columns),
        sort: given.sort === undefined ? undefined : columnOf('sort', given.sort),
        descending: flag('descending', given.descending),
        filter: given.filter === undefined ? '' : text('filter', given.filter),
        offset: integer('offset', given.offset, 0, Number.MAX_SAFE_INTEGER),
        limit: integer('limit', given.limit ?? 100, 0, MOST_ROWS),
        frozen: flag('frozen', given.frozen),
      };
    case 'connection':
      only(given, 'get', 'id', 'tcp', 'tls');
      return {
        get: 'connection',
        id: text('id', given.id),
        tcp: flag('tcp', given.tcp),
        tls: flag('tls', given.tls),
      };
    default:
      throw new RequestError('"get" takes "stats", "connections" or "connection"');
  }
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RequestError('a request is one line of JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new RequestError('a request is an object');
}

function only(given: object, ...names: string[]): void {
  const other = Object.keys(given).find((name) => !names.includes(name));
  if (other !== undefined) {
    throw new RequestError(`it takes ${names.join(', ')}; there is something else in it`);
  }
}

function columnsOf(value: unknown): readonly DebugColumn[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > DEBUG_COLUMNS.length) {
    throw new RequestError(`"columns" takes a list of ${DEBUG_COLUMNS.join(', ')}`);
  }
  return value.map((name) => columnOf('columns', name));
}

function columnOf(name: string, value: unknown): DebugColumn {
  if (DEBUG_COLUMNS.includes(value as DebugColumn)) return value as DebugColumn;
  throw new RequestError(`"${name}" takes ${DEBUG_COLUMNS.join(', ')}`);
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= LONGEST_TEXT) return value;
  throw new RequestError(`"${name}" takes a string of at most ${LONGEST_TEXT} characters`);
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new RequestError(`"${name}" takes true or false`);
}

function integer(name: string, value: unknown, min: number, max: number): number {
  const number = value ?? min;
  if (Number.isSafeInteger(number) && (number as number) >= min && (number as number) <= max) {
    return number as number;
  }
  throw new RequestError(`"${name}" takes an integer from ${min} to ${max}`);
}
