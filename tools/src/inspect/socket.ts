import type { LeaseSocket } from 'lws-pool';
import type { SocketReport, TcpInfoReport } from './report.js';

/** @param isTcp a Unix socket has none of TCP's options */
export function socketReport(socket: LeaseSocket, isTcp: boolean): SocketReport {
  return {
    receiveBuffer: socket.getOption('SO_RCVBUF'),
    sendBuffer: socket.getOption('SO_SNDBUF'),
    keepAlive: socket.getOption('SO_KEEPALIVE'),
    noDelay: isTcp ? socket.getOption('TCP_NODELAY') : null,
    congestionControl: isTcp ? socket.congestionControl : null,
    tcpInfo: isTcp ? numbers(socket.tcpInfo()) : null,
  };
}

/** JSON has no bigint. Above 2^53 none of them is: then there is no limit. */
function numbers(info: object): TcpInfoReport {
  const entries = Object.entries(info).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'bigint' ? numberOf(value) : value,
  ]);
  return Object.fromEntries(entries) as TcpInfoReport;
}

function numberOf(value: bigint): number | null {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(value);
}
