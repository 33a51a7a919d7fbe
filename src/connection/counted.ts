import { epochOffset, FIGURE, type FiguresRow, ROW } from '../channel/figures.js';
import type { Link } from '../channel/link.js';
import { createError } from '../errors/errors.js';
import type { ConnectionLeases } from '../lease/connection-leases.js';
import { flag, group, parseWith } from '../options/schema.js';
import {
  type ConnectionStats,
  type ConnectionStatsOptions,
  connectionStats,
  type Place,
  type TlsSummary,
} from './stats.js';

const optionsOfStats = group({ tcp: flag, tls: flag });

interface Leasable {
  readonly leasing: Pick<ConnectionLeases, 'look'>;
}

/** The figures of one connection, also once it is closed. */
export class Counted {
  readonly #link: Link;
  #kept: FiguresRow | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** It is over, and its place in memory is another's soon. */
  keep(): void {
    const row = this.#link.figures;
    if (row === undefined || this.#kept !== undefined) return;
    const figures = row.figures.slice(row.base, row.base + ROW);
    figures[FIGURE.state] = 0;
    this.#kept = { figures, base: 0 };
  }

  stats(
    connection: Leasable,
    place: Omit<Place, 'slot'>,
    options: ConnectionStatsOptions = {},
  ): ConnectionStats {
    parseWith(optionsOfStats, options);
    const row = this.#kept ?? this.#link.figures;
    if (row === undefined) throw createError('ERR_STATS_OFF');
    const more = this.#kept === undefined ? observed(connection, options) : undefined;
    return connectionStats(row, { ...place, slot: this.#link.slot }, epochOffset(), more);
  }
}

/** What a shared lease shows, if there is one at once. */
function observed(
  connection: Leasable,
  { tcp = false, tls = false }: ConnectionStatsOptions,
): Pick<ConnectionStats, 'tcp' | 'tls'> | undefined {
  if (!tcp && !tls) return undefined;
  try {
    return connection.leasing.look((lease) => ({
      tcp: tcp ? lease.socket.tcpInfo() : undefined,
      tls: tls && lease.tls !== undefined ? summary(lease.tls) : undefined,
    }));
  } catch {
    // It is closing, or the kernel says that it is no TCP any more.
    return undefined;
  }
}

function summary(tls: TlsSummary): TlsSummary {
  const { protocol, cipher, alpn, servername, verifyResult, sessionReused } = tls;
  return Object.freeze({ protocol, cipher, alpn, servername, verifyResult, sessionReused });
}
