import { type Connection, LwsPoolError } from 'lws-pool';
import type { Context } from './context.js';
import { authority } from './failure.js';
import { type Close, openProblem } from './open-problem.js';
import { phasesReport } from './phases.js';
import { measurePings } from './pings.js';
import type {
  AddressReport,
  InspectReport,
  Resumption,
  SocketReport,
  TlsReport,
} from './report.js';
import { tryResumption } from './second-look.js';
import { safeUrl } from './secrets.js';
import { socketReport } from './socket.js';
import { tlsReport } from './tls.js';
import { warningsOf } from './warnings.js';
import { openedHandshake } from './websocket.js';

/** What a lease on the connection shows. */
interface Seen {
  readonly socket: SocketReport;
  readonly tls: TlsReport | null;
  readonly session: Buffer | undefined;
}

/** Looks at an open connection, and closes it. */
export async function successReport(
  context: Context,
  connection: Connection,
  total: number,
): Promise<InspectReport> {
  const { settings, target, names, at, signal } = context;
  let close: Close | undefined;
  connection.on('close', (code, reason) => {
    close = { code, reason };
  });
  const interrupt = () => connection.terminate();
  signal.addEventListener('abort', interrupt);
  // What the server has to say is not what this is about; it must only not be in the way.
  connection.on('message', ignore).on('data', ignore);
  const before = await look(connection, settings.timeout);
  const pings =
    target.kind === 'ws' && settings.pings > 0
      ? await measurePings(connection, settings.pings, settings.timeout)
      : null;
  // By now the kernel has measured more, and TLS 1.3 has its ticket.
  const seen = (await look(connection, settings.timeout)) ?? before;
  signal.removeEventListener('abort', interrupt);
  // It may be about to.
  if (connection.readyState !== 1) await connection.close();
  const early = close;
  void connection.close();
  const tls = seen?.tls
    ? { ...seen.tls, resumption: await resumptionOf(context, connection, seen.session) }
    : null;
  const found = openProblem({
    connection,
    settings,
    pings,
    close: early,
    interrupted: signal.aborted,
  });
  return {
    url: safeUrl(target.url),
    at,
    ok: found === undefined,
    exitStatus: found?.exitStatus ?? 0,
    problem: found?.problem ?? null,
    warnings: warningsOf(tls),
    name: names.report(),
    address: addressOf(connection, target.unixPath),
    phases: phasesReport(connection.stats().phases, names.duration ?? null, total),
    tls,
    socket: seen?.socket ?? null,
    websocket: openedHandshake(target, settings, connection),
    pings,
  };
}

/** Undefined where the connection has ended meanwhile. */
async function look(connection: Connection, timeout: number): Promise<Seen | undefined> {
  const isTcp = connection.remotePort > 0;
  try {
    return await connection.withLease('exclusive', { timeout, label: 'inspection' }, (lease) => ({
      socket: socketReport(lease.socket, isTcp),
      tls: lease.tls === undefined ? null : tlsReport(lease.tls),
      session: lease.tls?.session,
    }));
  } catch (error) {
    if (error instanceof LwsPoolError) return undefined;
    throw error;
  }
}

async function resumptionOf(
  { settings, target, signal }: Context,
  { remoteAddress: address }: Connection,
  session: Buffer | undefined,
): Promise<Resumption> {
  if (!settings.resume) return 'not tried';
  if (session === undefined) return 'no ticket';
  return await tryResumption(target, settings, { address, session, signal });
}

function addressOf(connection: Connection, unixPath: string | undefined): AddressReport {
  const { localAddress, localPort, remoteAddress, remotePort } = connection;
  const { attempts } = connection.stats();
  if (unixPath !== undefined) return { remote: unixPath, local: null, attempts, failed: [] };
  return {
    remote: authority(remoteAddress, remotePort),
    local: authority(localAddress, localPort),
    attempts,
    failed: [],
  };
}

function ignore(): void {
  // Dropped.
}
