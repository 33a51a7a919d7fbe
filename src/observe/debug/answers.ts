import type { ConnectionStats } from '../../connection/stats.js';
import type { PoolStats } from '../stats/pool.js';
import { type Directory, withoutQuery } from './columns.js';
import { type DebugRequest, RequestError } from './requests.js';
import { type DebugRows, selectRows } from './rows.js';
import type { Snapshots } from './snapshots.js';

/** What observers can see of a pool. */
export interface DebugSource extends Directory {
  stats(): PoolStats;
}

/** One connection, with what its object on the main thread knows. */
export interface DebugConnection extends ConnectionStats {
  readonly url: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly protocol?: string;
  readonly extensions?: string;
}

export type DebugAnswer =
  | { readonly stats: Omit<PoolStats, 'each'> }
  | { readonly connections: DebugRows }
  | { readonly connection: DebugConnection }
  | { readonly error: string };

/** @throws RequestError */
export function answer(
  request: DebugRequest,
  source: DebugSource,
  snapshots: Snapshots,
): DebugAnswer {
  switch (request.get) {
    case 'stats': {
      const { each: _, ...stats } = source.stats();
      return { stats };
    }
    case 'connections': {
      const frozen = request.frozen ? snapshots.last : undefined;
      const compared = frozen ?? snapshots.take(source.stats());
      return { connections: selectRows(request, compared, source) };
    }
    case 'connection':
      return { connection: one(request, source) };
  }
}

function one(
  { id, tcp, tls }: Extract<DebugRequest, { get: 'connection' }>,
  source: DebugSource,
): DebugConnection {
  const { each } = source.stats();
  const row = each.get(id);
  if (row === undefined) throw new RequestError('there is no such connection any more');
  const [, slot = 0, generation = 0] = id.split('.').map(Number);
  const connection = source.connection(row.worker, slot, generation);
  if (connection === undefined) {
    const url = source.url(row.worker, slot, generation, row.group) ?? '';
    return { ...row, url: withoutQuery(url) };
  }
  const { url, remoteAddress, remotePort, localAddress, localPort } = connection;
  const { protocol, extensions } = connection;
  return {
    ...connection.stats({ tcp, tls }),
    url: withoutQuery(url),
    ...{ remoteAddress, remotePort, localAddress, localPort, protocol, extensions },
  };
}

/** One line. Counters of 64 bits become numbers, exact up to 2^53. */
export function toLine(value: object): string {
  const numbers = (_: string, part: unknown) => (typeof part === 'bigint' ? Number(part) : part);
  return `${JSON.stringify(value, numbers)}\n`;
}
