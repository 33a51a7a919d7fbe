import type { FlightFacts } from './kinds.js';
import type { FlightEvent, FlightRecord } from './record.js';

/**
 * An event in Chrome's trace event format: `X` is a slice with a duration, `b` and `e` are the ends
 * of one that may overlap others, `i` is an instant, `M` names a process or a thread.
 */
export interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: 'X' | 'b' | 'e' | 'i' | 'M';
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  /** Of `b` and `e`: what belongs together. */
  readonly id?: string;
  /** Of `i`: the row it is drawn in. */
  readonly s?: 't';
  readonly args: FlightFacts;
}

/** In which row of the picture a connection is. */
export interface TraceRow {
  readonly pid: number;
  readonly tid: number;
}

/** What each phase is called from its event to the next one's. */
const PHASES: Readonly<Record<string, string>> = {
  queued: 'queue',
  begun: 'TCP',
  connected: 'TLS',
  secured: 'upgrade',
  opened: 'open',
};

const ENDS = new Set(['lease returned', 'lease revoked', 'lease expired', 'detached']);

type Clock = (time: number) => number;
type Slice = (name: string, cat: string, from: number, to: number, facts?: FlightFacts) => void;

/** The name of a row, its phases and leases as slices, all else as instants; sorted by `ts`. */
export function traceOf(record: FlightRecord, clock: Clock, row: TraceRow): TraceEvent[] {
  const { events, id, url } = record;
  const list: TraceEvent[] = [];
  const slice: Slice = (name, cat, from, to, args = {}) => {
    const ts = clock(from);
    list.push({ name, cat, ph: 'X', ts, dur: duration(ts, clock(to)), ...row, args });
  };
  phases(events, slice);
  leases(events, slice, (name, from, to, args, key) => {
    const common = { name, cat: 'lease', id: `${id}/${key}`, ...row, args };
    list.push({ ...common, ph: 'b', ts: clock(from) }, { ...common, ph: 'e', ts: clock(to) });
  });
  for (const { name, category, direction, time, facts } of events) {
    if (category === 'phase' && PHASES[name] !== undefined) continue;
    const arrow = direction === undefined ? '' : direction === 'in' ? '<- ' : '-> ';
    const ts = clock(time);
    list.push({ name: arrow + name, cat: category, ph: 'i', s: 't', ts, ...row, args: facts });
  }
  list.sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const title = url === undefined ? id : `${id} ${url}`;
  return [{ name: 'thread_name', ph: 'M', ts: 0, ...row, args: { name: title } }, ...list];
}

/** Without what subtracting adds behind the nanoseconds. */
function duration(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) * 1000) / 1000);
}

/** Each phase lasts until the next begins, the last until the last event. */
function phases(events: readonly FlightEvent[], slice: Slice): void {
  const steps = events.filter(({ name, category }) => category === 'phase' && name in PHASES);
  const secure = steps.some(({ name }) => name === 'secured');
  const end = events.at(-1)?.time ?? 0;
  for (const [index, { name, time, facts }] of steps.entries()) {
    const called = name === 'connected' && !secure ? 'upgrade' : PHASES[name];
    slice(called as string, 'phase', time, steps[index + 1]?.time ?? end, facts);
  }
}

/** Exclusive ones lie inside of phases; shared ones may overlap. */
function leases(
  events: readonly FlightEvent[],
  slice: Slice,
  overlap: (name: string, from: number, to: number, facts: FlightFacts, key: string) => void,
): void {
  const last = events.at(-1)?.time ?? 0;
  const held = new Map<unknown, FlightEvent>();
  const over = (granted: FlightEvent, time: number) => {
    const { lease, mode } = granted.facts;
    const name = `${mode} lease ${lease}`;
    if (mode === 'exclusive') slice(name, 'lease', granted.time, time, granted.facts);
    else overlap(name, granted.time, time, granted.facts, `${lease}`);
  };
  for (const event of events) {
    if (event.name === 'lease granted') held.set(event.facts.lease, event);
    if (!ENDS.has(event.name)) continue;
    const granted = held.get(event.facts.lease);
    if (granted !== undefined) over(granted, event.time);
    held.delete(event.facts.lease);
  }
  for (const granted of held.values()) over(granted, last);
}
