import { CertificateError, LwsPoolError, UpgradeError } from 'lws-pool';
import type { Context } from './context.js';
import { rounded } from './phases.js';
import { problemOf } from './problems.js';
import type { AddressReport, InspectReport, TlsReport } from './report.js';
import { type SecondLook, secondLook } from './second-look.js';
import { safeUrl } from './secrets.js';
import { warningsOf } from './warnings.js';
import { failedHandshake } from './websocket.js';

/** What can be said of a connection that did not open, with a second look where that shows more. */
export async function failureReport(
  context: Context,
  first: LwsPoolError,
  total: number,
): Promise<InspectReport> {
  const { target, names, at, settings } = context;
  const look = await lookAgain(context, first);
  // A reset can overtake the alert that explains it: it throws away what was not read.
  const error =
    look?.alert === undefined || !target.secure
      ? first
      : new LwsPoolError('ERR_TLS_HANDSHAKE', { ...first.details, reason: look.alert });
  const tls = look === undefined || !target.secure ? null : judged(look.tls, error, settings);
  const { problem, exitStatus } = problemOf(error, {
    target,
    settings,
    outdated: error.code === 'ERR_TLS_VERSION' ? look?.tls.version : undefined,
    speaksTls: look !== undefined && !target.secure,
  });
  return {
    url: safeUrl(target.url),
    at,
    ok: false,
    exitStatus,
    problem,
    warnings: warningsOf(tls),
    name: names.report(),
    address: addressOf(context, error),
    phases: {
      lookup: rounded(names.duration ?? null),
      tcp: rounded(look?.tcp ?? null),
      tls: tls === null ? null : rounded(look?.secured ?? null),
      upgrade: null,
      total: rounded(total),
    },
    tls,
    socket: null,
    websocket: error instanceof UpgradeError ? failedHandshake(target, settings, error) : null,
    pings: null,
  };
}

/** Only where TCP stood, and the first connection has not shown already that TLS gets nowhere. */
async function lookAgain(
  { target, settings, signal }: Context,
  error: LwsPoolError,
): Promise<SecondLook | undefined> {
  const { code, details } = error;
  const { address, phase } = details;
  const upgradeFailed =
    error instanceof UpgradeError || code === 'ERR_CONNECTION_RESET' || phase === 'upgrade';
  const worthIt = target.secure
    ? upgradeFailed || error instanceof CertificateError || code === 'ERR_TLS_VERSION'
    : upgradeFailed && (details.status ?? 0) === 0;
  if (address === undefined || !worthIt) return undefined;
  const outdated = code === 'ERR_TLS_VERSION';
  const waits = target.secure && code === 'ERR_CONNECTION_RESET';
  return await secondLook(target, settings, { address, outdated, waits, signal });
}

/** The verdict is that of the first connection, where it came to one. */
function judged(
  tls: TlsReport,
  error: LwsPoolError,
  { insecure }: { insecure: boolean },
): TlsReport {
  if (error instanceof CertificateError) {
    return { ...tls, verified: false, verifyError: error.reason ?? tls.verifyError };
  }
  if (error instanceof UpgradeError && !insecure)
    return { ...tls, verified: true, verifyError: null };
  return tls;
}

function addressOf({ target }: Context, { details, cause }: LwsPoolError): AddressReport | null {
  const { address, port, unixPath } = details;
  const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  const failed = (errors as readonly LwsPoolError[]).map((one) => ({
    address: one.details.address ?? '',
    code: one.details.errno ?? one.code,
  }));
  const attempts = Math.max(1, failed.length);
  if (unixPath !== undefined) return { remote: unixPath, local: null, attempts, failed };
  if (address === undefined) return null;
  return { remote: authority(address, port ?? target.port), local: null, attempts, failed };
}

/** `192.0.2.1:443`, `[::1]:443` */
export function authority(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
