import type { ConnectionPhases } from 'lws-pool';
import type { PhasesReport } from './report.js';

/** As far as the connection got. */
type PhaseTimes = Pick<ConnectionPhases, 'begun' | 'connected' | 'secured' | 'opened'>;

/** @param lookup milliseconds; null: there was none */
export function phasesReport(
  { begun, connected, secured, opened }: PhaseTimes,
  lookup: number | null,
  total: number,
): PhasesReport {
  return {
    lookup: rounded(lookup),
    tcp: between(begun, connected),
    tls: between(connected, secured),
    upgrade: between(secured ?? connected, opened),
    // What went before, the making of the request and of the SSL_CTX, is not the endpoint's.
    total: rounded(whole(begun, opened, lookup) ?? total),
  };
}

/** To the microsecond. */
export function rounded<Time extends number | null>(time: Time): Time {
  return (time === null ? null : Math.round(time * 1e3) / 1e3) as Time;
}

function between(from: number | undefined, to: number | undefined): number | null {
  return from === undefined || to === undefined ? null : rounded(Math.max(0, to - from));
}

function whole(begun: number | undefined, opened: number | undefined, lookup: number | null) {
  const opening = between(begun, opened);
  return opening === null ? null : opening + (lookup ?? 0);
}
