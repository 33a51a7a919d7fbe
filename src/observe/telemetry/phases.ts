import type { ConnectionPhases } from '../../connection/stats.js';

/** A part of an opening; milliseconds since the epoch. */
export interface Phase {
  readonly phase: 'lookup' | 'queue' | 'tcp' | 'tls' | 'upgrade';
  readonly from: number;
  readonly to: number;
}

/** Those that a connection went through, in order. */
export function phasesOf(phases: ConnectionPhases): readonly Phase[] {
  const { requested, resolved, queued, begun, connected, secured, opened } = phases;
  const upgraded = opened === (secured ?? connected) ? undefined : opened;
  const all = [
    ['lookup', requested, resolved],
    ['queue', queued, begun],
    ['tcp', begun, connected],
    ['tls', connected, secured],
    ['upgrade', secured ?? connected, upgraded],
  ] as const;
  return all.flatMap(([phase, from, to]) =>
    from === undefined || to === undefined ? [] : [{ phase, from, to }],
  );
}
