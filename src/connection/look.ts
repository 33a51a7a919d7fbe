import type { ConnectionLeases } from '../lease/connection-leases.js';
import type { ConnectionStats, ConnectionStatsOptions, TlsSummary } from './stats.js';

/** What a shared lease shows for the figures of a connection, if there is one at once. */
export function look(
  leases: ConnectionLeases,
  { tcp = false, tls = false }: ConnectionStatsOptions,
): Pick<ConnectionStats, 'tcp' | 'tls'> | undefined {
  if (!tcp && !tls) return undefined;
  try {
    return leases.look((lease) => ({
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
